#!/usr/bin/env bash
# Builds the image: build.sh [TAG] [further arguments of buildah]. Versions and hashes come from versions.env.
set -euo pipefail
cd "$(dirname "$0")/.."
tag=${1:-localhost/secure-agent-pod:dev}
shift || true
arguments=()
while IFS= read -r line; do
  [[ $line =~ ^[A-Z0-9_]+= ]] && arguments+=(--build-arg "$line")
done <pod/versions.env
exec buildah build --format docker --layers --ignorefile pod/Dockerfile.ignore -f pod/Dockerfile "${arguments[@]}" "$@" -t "$tag" .
