#!/usr/bin/env bash
# Downloads each release named in versions.env for both architectures and writes its hash there. Run it where the internet is
# reached, compare the hashes with what the projects publish, and commit the file.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=pod/versions.env
. ./versions.env
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pin() { # pin VARIABLE URL
  curl -fsSL --retry 3 --proto '=https' -o "$work/file" "$2" || { echo "pin.sh: $2 cannot be fetched; is the version right?" >&2; exit 1; }
  sed -i "s/^$1=.*/$1=$(sha256sum "$work/file" | cut -d' ' -f1)/" versions.env
  grep "^$1=" versions.env
}
for arch in amd64 arm64; do
  upper=${arch^^}
  pin "SUPERCRONIC_SHA256_$upper" "https://github.com/aptible/supercronic/releases/download/v$SUPERCRONIC_VERSION/supercronic-linux-$arch"
  pin "TALOSCTL_SHA256_$upper" "https://github.com/siderolabs/talos/releases/download/v$TALOSCTL_VERSION/talosctl-linux-$arch"
  pin "OMNICTL_SHA256_$upper" "https://github.com/siderolabs/omni/releases/download/v$OMNICTL_VERSION/omnictl-linux-$arch"
  case $arch in amd64) platform=linux-x64 ;; *) platform=linux-arm64 ;; esac
  pin "VIBE_KANBAN_SHA256_$upper" "https://npm-cdn.vibekanban.com/binaries/$VIBE_KANBAN_BINARY_TAG/$platform/vibe-kanban.zip"
done
