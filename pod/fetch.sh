#!/usr/bin/env bash
# fetch NAME URL FILE: downloads a release and refuses it unless its hash is the pinned one of this architecture.
set -euo pipefail
name=$1 url=$2 file=$3
variable=${name^^}_SHA256_${TARGETARCH^^}
variable=${variable//-/_}
wanted=${!variable:-}
if ! [[ $wanted =~ ^[0-9a-f]{64}$ ]]; then
  echo "fetch: $variable is not set to a SHA-256; run pod/pin.sh once and build with pod/build.sh" >&2
  exit 1
fi
curl -fsSL --retry 3 --proto '=https' -o "$file" "$url"
echo "$wanted  $file" | sha256sum -c -
