#!/usr/bin/env bash
# Downloads each release named in versions.env for both architectures and writes its hash there; all of them or, when one cannot be
# had, none. Run it where the internet is reached, compare the hashes with what the projects publish, and commit the file.
set -euo pipefail
cd "$(dirname "$0")"
set -a
# shellcheck source=pod/versions.env
. ./versions.env
set +a
work=$(mktemp -d)
new=versions.env.new
trap 'rm -rf "$work" "$new"' EXIT
cp versions.env "$new"
for name in $(./fetch.sh --names); do
  for TARGETARCH in amd64 arm64; do
    export TARGETARCH
    url=$(./fetch.sh --url "$name")
    variable=$(./fetch.sh --pin "$name")
    curl -fsSL --retry 3 --proto '=https' -o "$work/file" "$url" ||
      { echo "pin.sh: $url cannot be fetched, so versions.env stays as it is; is the version right?" >&2; exit 1; }
    hash=$(sha256sum "$work/file" | cut -d' ' -f1)
    grep -q "^$variable=" "$new" || { echo "pin.sh: versions.env has no line for $variable" >&2; exit 1; }
    sed -i "s/^$variable=.*/$variable=$hash/" "$new"
    echo "$variable=$hash"
  done
done
mv "$new" versions.env
