# Sourced by pod/test.sh and manifests/test.sh: what a bare Debian 12 machine needs to build and run containers without a registry.
packages=()
need() { command -v "$1" >/dev/null || packages+=("$2"); } # need COMMAND PACKAGE
need_engine() {
  need buildah buildah; need podman podman; need runc runc; need mmdebstrap mmdebstrap; need catatonit catatonit
  [[ -x /usr/lib/podman/netavark || -x /usr/libexec/podman/netavark ]] || packages+=(netavark aardvark-dns)
}
install_missing() {
  ((${#packages[@]})) || return 0
  echo "installing ${packages[*]}"
  [[ $(id -u) == 0 ]] || { echo "$0: installing needs root" >&2; exit 1; }
  apt-get update -qq
  # Nothing that is installed here is to run as a service; a machine that says so already keeps its own file.
  local quiet=/usr/sbin/policy-rc.d made='' status=0
  [[ -e $quiet ]] || { printf '#!/bin/sh\nexit 101\n' >$quiet; chmod 755 $quiet; made=1; }
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null || status=$?
  [[ -z $made ]] || rm -f $quiet
  return "$status"
}

# start_engine FOLDER: containers run from here on, or the reason why not; BASE is the stand-in of every base image, MOUNTS what a
# build needs to reach the registries.
start_engine() {
  local folder=$1 cache=${POD_TEST_CACHE:-/var/cache/guard-pod} reason
  BASE=localhost/kali-rolling:standin
  # Small virtual machines: crun refuses hybrid cgroups, and limits may not be raised.
  export CONTAINERS_CONF=$folder/containers.conf
  cat >"$CONTAINERS_CONF" <<CONF
[containers]
default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=20000:20000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
CONF
  mkdir -p "$cache"
  if ! podman image exists "$BASE"; then
    if [[ ! -s $cache/base.tar ]]; then
      # The name's end decides the form: without `.tar` it would be a folder.
      mmdebstrap --quiet --variant=minbase --include=ca-certificates trixie "$cache/new.tar"
      mv "$cache/new.tar" "$cache/base.tar"
    fi
    podman import -q -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$cache/base.tar" "$BASE" >/dev/null
  fi
  if ! reason=$(podman run --rm --network=none --read-only --cap-drop=all --security-opt=no-new-privileges "$BASE" true 2>&1); then
    echo "$0: containers cannot run here, so nothing of them was tested: $reason" >&2
    exit 1
  fi
  # What this machine needs to reach the registries is mounted while building and stays out of the image.
  MOUNTS=()
  local ca=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
  if [[ -s $ca ]]; then
    mkdir -p "$folder/mounts"
    echo "cafile=/etc/ssl/host-ca.crt" >"$folder/mounts/npmrc"
    printf '[global]\ncert = /etc/ssl/host-ca.crt\n' >"$folder/mounts/pip.conf"
    # shellcheck disable=SC2034 # the tests use it
    MOUNTS=(-v "$ca:/etc/ssl/host-ca.crt:ro" -v "$folder/mounts/npmrc:/root/.npmrc:ro" -v "$folder/mounts/pip.conf:/etc/pip.conf:ro")
  fi
}

# stage_is_whole DOCKERFILE STAGE FOLDER: whether what a stage that builds from the sources copies is all that the build reads. No
# image with Rust is to be had without a registry, so tests put a binary in the place of such a stage, and cargo looks at it here.
stage_is_whole() {
  local dockerfile=$1 stage=$2 folder=$3 words to
  shift 3
  rm -rf "$folder/stage"
  mkdir -p "$folder/stage"
  while read -ra words; do
    to=$folder/stage/${words[-1]}
    mkdir -p "$(dirname "$to")"
    cp -r "${words[@]:1:${#words[@]}-2}" "$to"
  done < <(sed -n "/ AS $stage\$/,/^RUN/p" "$dockerfile" | grep '^COPY')
  (cd "$folder/stage" && CARGO_TARGET_DIR=$folder/stage-target cargo check --locked --quiet "$@")
}
