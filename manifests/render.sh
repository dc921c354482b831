#!/usr/bin/env bash
#   render.sh [--check]      --check only says what is old, and exits with 1.    GUARD=path of the binary
set -euo pipefail
cd "$(dirname "$0")"
guard=${GUARD:-../target/debug/guard}
check=${1:-} old=0

write() { # write FILE COMMAND...
  local file=$1 new
  shift
  new=$("$@")
  if [[ $check == --check ]]; then
    diff -u --label "$file" --label "made anew" "$file" - <<<"$new" || old=1
  else
    mkdir -p "$(dirname "$file")"
    printf '%s\n' "$new" >"$file"
  fi
}

write components/egress-cilium/ciliumnetworkpolicy.yaml "$guard" egress --rules ../rules render cilium
write components/egress-proxy/networkpolicy-agent.yaml "$guard" egress --rules ../rules render networkpolicy
write components/egress-proxy/networkpolicy-proxy.yaml "$guard" egress --rules ../rules render proxypolicy
for site in overlays/*/site/site.env; do
  to=${site%/site/site.env}/egress
  write "$to/ciliumnetworkpolicy.yaml" "$guard" egress --rules ../rules --site "$site" render cilium
  write "$to/networkpolicy.yaml" "$guard" egress --rules ../rules --site "$site" render networkpolicy
  write "$to/proxypolicy.yaml" "$guard" egress --rules ../rules --site "$site" render proxypolicy
  write "$to/egress.nft" "$guard" egress --rules ../rules --site "$site" render nftables
  write "$to/dnsmasq.conf" "$guard" egress --rules ../rules --site "$site" render dnsmasq
  write "$to/squid.conf" "$guard" egress --rules ../rules --site "$site" render proxy
  write "$to/egress.toml" "$guard" egress --rules ../rules --site "$site" render layer
done
write components/monitoring/prometheusrule.yaml python3 components/monitoring/make.py prometheusrule
write components/monitoring/grafana-alerts.yaml python3 components/monitoring/make.py grafana
if ((old)); then
  echo "render.sh: the files above are old; run manifests/render.sh" >&2
  exit 1
fi
