#!/usr/bin/env bash
# bridge_image.sh IMAGE: the health bridge's image, started as its Deployment does, in a network of its own with a mock of GitHub's API.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
ns=bridge-$$
trap 'podman rm -f -t 0 "$ns" >/dev/null 2>&1; ip netns pids "$ns" | xargs -r kill; ip netns del "$ns"; rm -rf "$work"' EXIT
ip netns add "$ns"
ip -n "$ns" link set lo up
inside() { ip netns exec "$ns" "$@"; }
eventually() { local n; for ((n = 0; n < 100; n++)); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done; echo "bridge_image.sh: \`$*\` did not come true" >&2; podman logs "$ns" >&2; exit 1; }
inside python3 tests/github.py 9090 "$work/state.json" &
eventually inside bash -c 'exec 3<>/dev/tcp/127.0.0.1/9090'
mapfile -t flags < <(/usr/bin/python3 tests/as_deployed.py components/monitoring/health-bridge-deployment.yaml health-bridge)
podman run -d --name "$ns" --network="ns:/run/netns/$ns" -e WEBHOOK_SECRET=visibly-not-a-secret -e GITHUB_TOKEN=not-a-token -e 'REPOSITORIES=example-org/*' \
  -e GITHUB_API_URL=http://127.0.0.1:9090 "${flags[@]/#IMAGE/$1}" >/dev/null
for path in healthz readyz; do eventually inside curl -sSf "http://127.0.0.1:8080/$path"; done
alert='{"alerts": [{"status": "firing", "startsAt": "2026-01-01T00:00:00Z", "fingerprint": "ab12", "labels": {"alertname": "Trial", "github_issue": "example-org/agent#7"}}]}'
said=$(inside curl -sSf -H 'authorization: Bearer visibly-not-a-secret' -d "$alert" http://127.0.0.1:8080/alerts)
[[ $said == "Trial firing: example-org/agent#7: told" ]] || { echo "bridge_image.sh: the alert was answered with: $said" >&2; exit 1; }
grep -q 'alert-firing' "$work/state.json"
echo "the image of the bridge: alive, ready, and an alert became a comment"
