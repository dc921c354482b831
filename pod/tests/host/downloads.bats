# pin.sh and the script of the image's download stages against fake releases.
ADDRESSES="github.com/aptible/supercronic/releases/download/v0.2.33/supercronic-linux-amd64
github.com/aptible/supercronic/releases/download/v0.2.33/supercronic-linux-arm64
github.com/siderolabs/talos/releases/download/v1.9.5/talosctl-linux-amd64
github.com/siderolabs/talos/releases/download/v1.9.5/talosctl-linux-arm64
github.com/siderolabs/omni/releases/download/v0.48.0/omnictl-linux-amd64
github.com/siderolabs/omni/releases/download/v0.48.0/omnictl-linux-arm64
npm-cdn.vibekanban.com/binaries/v0.1.44/linux-x64/vibe-kanban.zip
npm-cdn.vibekanban.com/binaries/v0.1.44/linux-arm64/vibe-kanban.zip"

setup_file() {
  export WORK=$BATS_FILE_TMPDIR REPOSITORY=$PWD
  . pod/tests/releases.bash
  serve_releases "$WORK"
}
teardown_file() { kill "$(<"$WORK/pid")"; }

# Each test has a tree of its own in which every version is known and every release is there.
setup() {
  export CURL_HOME=$WORK
  cp -r "$REPOSITORY/pod" "$BATS_TEST_TMPDIR/pod"
  cd "$BATS_TEST_TMPDIR/pod"
  sed -i -e 's/^\(SUPERCRONIC_VERSION\)=.*/\1=0.2.33/; s/^\(TALOSCTL_VERSION\)=.*/\1=1.9.5/; s/^\(OMNICTL_VERSION\)=.*/\1=0.48.0/; s/^\(VIBE_KANBAN_BINARY_TAG\)=.*/\1=v0.1.44/' \
    -e 's/^\(.*_SHA256_.*\)=.*/\1=/' versions.env
  cp versions.env before
  rm -rf "$WORK/releases"
  : >"$WORK/log"
  for address in $ADDRESSES; do
    mkdir -p "$WORK/releases/${address%/*}"
    echo "release $address" >"$WORK/releases/$address"
  done
}
hash_of() { sha256sum "$WORK/releases/$1" | cut -d' ' -f1; }
fetch() { # fetch NAME FILE: as a stage of the image, with the build arguments that pod/build.sh gives it
  env $(grep -E '^[A-Z0-9_]+=' versions.env) TARGETARCH="${ARCH:-amd64}" ./fetch.sh "$@"
}

@test "pin.sh writes the hash of every release for both architectures, and nothing else" {
  run ./pin.sh
  echo "$output"
  [[ $status == 0 ]]
  [[ $(sort "$WORK/log") == $(sort <<<"$ADDRESSES") ]]
  paste -d= <(sed -n 's/^\(.*_SHA256_.*\)=$/\1/p' before) <(for address in $ADDRESSES; do hash_of "$address"; done) >wanted
  diff <(sort wanted) <(grep _SHA256_ versions.env | sort)
  diff <(grep -v _SHA256_ before) <(grep -v _SHA256_ versions.env)
  [[ $(grep -c . wanted) == 8 && ! -e versions.env.new ]]
}

@test "pin.sh changes nothing when a download fails in the middle: absent, cut off, no server" {
  unchanged() { # unchanged REQUESTS: so many releases were asked for, and the file is as it was
    run ./pin.sh
    [[ $status == 1 && $output == *"cannot be fetched, so versions.env stays as it is"* ]] || { echo "$status $output"; return 1; }
    [[ $(grep -c . "$WORK/log") == "$1" && ! -e versions.env.new ]] && cmp versions.env before
  }
  last=$WORK/releases/npm-cdn.vibekanban.com/binaries/v0.1.44/linux-arm64/vibe-kanban.zip
  mv "$last" "$last.cut"
  unchanged 8
  rm "$last.cut"
  : >"$WORK/log"
  unchanged 8
  mkdir nobody
  printf 'connect-to = "::127.0.0.1:1"\nnoproxy = "*"\n' >nobody/.curlrc
  : >"$WORK/log"
  CURL_HOME=nobody unchanged 0
}

@test "a release with the pinned hash is taken, for the architecture that is built" {
  ./pin.sh
  for ARCH in amd64 arm64; do
    for name in $(./fetch.sh --names); do
      fetch "$name" "$BATS_TEST_TMPDIR/$name"
      [[ $(cat "$BATS_TEST_TMPDIR/$name") == release*"${name%ctl}"*"-${ARCH}" || ( $name == vibe-kanban && $(cat "$BATS_TEST_TMPDIR/$name") == *"linux-${ARCH/amd64/x64}/vibe-kanban.zip" ) ]] ||
        { cat "$BATS_TEST_TMPDIR/$name"; return 1; }
    done
  done
}

@test "another architecture's hash, a changed release and one that is cut off are refused, and nothing is left" {
  ./pin.sh
  release=github.com/aptible/supercronic/releases/download/v0.2.33/supercronic-linux-amd64
  refused() { # refused WHAT TEXT
    run fetch supercronic "$BATS_TEST_TMPDIR/got"
    [[ $status != 0 && $output == *"$2"* && -z $(compgen -G "$BATS_TEST_TMPDIR/got*") ]] || { echo "$1: $status $output"; return 1; }
  }
  cp versions.env pinned
  sed -i "s/^SUPERCRONIC_SHA256_AMD64=.*/SUPERCRONIC_SHA256_AMD64=$(hash_of "${release%amd64}arm64")/" versions.env
  refused "the hash of arm64" "is not what SUPERCRONIC_SHA256_AMD64 pins"
  cp pinned versions.env
  echo more >>"$WORK/releases/$release"
  refused "a changed release" "is not what SUPERCRONIC_SHA256_AMD64 pins"
  mv "$WORK/releases/$release" "$WORK/releases/$release.cut"
  refused "half a release" "curl: (18)"
  ARCH=riscv64 refused "an architecture without a release" "no release is pinned for the architecture \`riscv64\`"
}

@test "a missing hash is refused before anything is downloaded; so is one that is none" {
  for value in '' 0 "$(printf '%064d' 0 | tr 0 G)"; do
    sed -i "s/^TALOSCTL_SHA256_AMD64=.*/TALOSCTL_SHA256_AMD64=$value/" versions.env
    run fetch talosctl "$BATS_TEST_TMPDIR/got"
    [[ $status == 1 && $output == *"TALOSCTL_SHA256_AMD64 is not set to a SHA-256; run pod/pin.sh"* && ! -s $WORK/log ]] || { echo "$value: $output"; return 1; }
  done
  run fetch nonesuch "$BATS_TEST_TMPDIR/got"
  [[ $status == 1 && $output == *"no release is called"* ]]
}

@test "each version and hash of versions.env is an argument of the image's build, and each such argument stands there" {
  diff <(grep -oE '^[A-Z0-9_]+' versions.env | sort) <(sed -n 's/^ARG \([A-Z0-9_]*\)$/\1/p' Dockerfile | grep -v '^TARGETARCH$' | sort)
  diff <(./fetch.sh --names | sort) <(sed -n 's/^RUN \/fetch \([a-z-]*\) .*/\1/p' Dockerfile | sort)
  # A stage that names no TARGETARCH, or one with a default, would take the same release for every platform.
  [[ $(grep '^ARG TARGETARCH' Dockerfile | sort | uniq -c | xargs) == "4 ARG TARGETARCH" ]]
}
