#!/usr/bin/env bash
# The releases that the image downloads. TARGETARCH is amd64 or arm64 (default: of this machine); versions and hashes are variables
# of versions.env. The one place that knows their addresses: the image's stages and pin.sh both ask it.
#   fetch.sh NAME FILE      downloads a release and refuses it unless its hash is the pinned one of the architecture
#   fetch.sh --url NAME     prints where the release lies
#   fetch.sh --pin NAME     prints the name of the variable that pins it
#   fetch.sh --names        prints every NAME
set -euo pipefail
[[ ${1:-} == --names ]] && { printf '%s\n' supercronic talosctl omnictl vibe-kanban; exit 0; }
arch=${TARGETARCH:-$(dpkg --print-architecture)}
[[ $arch == amd64 || $arch == arm64 ]] || { echo "fetch: no release is pinned for the architecture \`$arch\`" >&2; exit 1; }

url() { # url NAME
  case $1 in
    supercronic) echo "https://github.com/aptible/supercronic/releases/download/v${SUPERCRONIC_VERSION:?}/supercronic-linux-$arch" ;;
    talosctl) echo "https://github.com/siderolabs/talos/releases/download/v${TALOSCTL_VERSION:?}/talosctl-linux-$arch" ;;
    omnictl) echo "https://github.com/siderolabs/omni/releases/download/v${OMNICTL_VERSION:?}/omnictl-linux-$arch" ;;
    vibe-kanban) echo "https://npm-cdn.vibekanban.com/binaries/${VIBE_KANBAN_BINARY_TAG:?}/linux-${arch/#amd64/x64}/vibe-kanban.zip" ;;
    *) echo "fetch: no release is called \`$1\`" >&2; return 1 ;;
  esac
}
pin() { # pin NAME
  local variable=${1^^}_SHA256_${arch^^}
  echo "${variable//-/_}"
}
case ${1:-} in
  --url) url "$2"; exit ;;
  --pin) pin "$2"; exit 0 ;;
esac

name=$1 file=$2
from=$(url "$name")
variable=$(pin "$name")
wanted=${!variable:-}
if ! [[ $wanted =~ ^[0-9a-f]{64}$ ]]; then
  echo "fetch: $variable is not set to a SHA-256; run pod/pin.sh once and build with pod/build.sh" >&2
  exit 1
fi
# Under its own name there is only what was checked.
trap 'rm -f "$file.unchecked"' EXIT
curl -fsSL --retry 3 --proto '=https' -o "$file.unchecked" "$from"
echo "$wanted  $file.unchecked" | sha256sum --check --quiet - || { echo "fetch: $from is not what $variable pins" >&2; exit 1; }
mv "$file.unchecked" "$file"
