# The download stages as the image's build runs them: without a stand-in in its place, a stage takes the pinned release or fails.
release() { echo "release of $1, $MARK"; }
setup_file() {
  # Never the same twice: a build that was seen before would be taken from the cache.
  export RELEASES=$BATS_FILE_TMPDIR MARK=$EPOCHREALTIME
  . pod/tests/releases.bash
  serve_releases "$RELEASES" /releases
  at=$RELEASES/releases/github.com/aptible/supercronic/releases/download/v9.9.9
  mkdir -p "$at"
  for arch in amd64 arm64; do release "$arch" >"$at/supercronic-linux-$arch"; done
}
teardown_file() { kill "$(<"$RELEASES/pid")"; buildah rmi localhost/guardpod-stage:test >/dev/null 2>&1 || true; }
setup() { . pod/tests/lib.bash; : >"$RELEASES/log"; }

stage() { # stage TARGETARCH AMD64 ARM64: builds the stage `supercronic` with these hashes
  pod/build.sh localhost/guardpod-stage:test --runtime=runc --isolation=oci --network=host --target supercronic --build-arg BASE_IMAGE=localhost/kali-rolling:standin \
    -v "$RELEASES:/releases:ro" -v "$RELEASES/.curlrc:/root/.curlrc:ro" --build-arg SUPERCRONIC_VERSION=9.9.9 \
    --build-arg TARGETARCH="$1" --build-arg SUPERCRONIC_SHA256_AMD64="$2" --build-arg SUPERCRONIC_SHA256_ARM64="$3" 2>&1
}
hash_of() { release "$1" | sha256sum | cut -d' ' -f1; }

@test "a stage takes the pinned release of the architecture that is built, by that architecture's hash alone" {
  for arch in amd64 arm64; do
    hashes=([0]='' [1]='')
    [[ $arch == amd64 ]] && hashes[0]=$(hash_of amd64) || hashes[1]=$(hash_of arm64)
    run stage "$arch" "${hashes[@]}"
    [[ $status == 0 ]] || { echo "$output"; return 1; }
    [[ $(cat "$RELEASES/log") == github.com/*/supercronic-linux-$arch ]]
    [[ $(podman run --rm --network none --entrypoint cat localhost/guardpod-stage:test /supercronic) == "$(release "$arch")" ]]
    : >"$RELEASES/log"
  done
}

@test "a build with a wrong hash, or without one, ends in a refusal that says which" {
  run stage amd64 "$(hash_of arm64)" "$(hash_of arm64)"
  [[ $status != 0 && $output == *"is not what SUPERCRONIC_SHA256_AMD64 pins"* ]] || { echo "$output"; return 1; }
  : >"$RELEASES/log"
  run stage arm64 "$(hash_of amd64)" ''
  [[ $status != 0 && $output == *"SUPERCRONIC_SHA256_ARM64 is not set to a SHA-256"* && ! -s $RELEASES/log ]] || { echo "$output"; return 1; }
}
