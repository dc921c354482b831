#!/usr/bin/env bash
# Checks the promises of README.md against a running pod.
#   verify.sh cluster [NAMESPACE]    through kubectl (default namespace: secure-agent-pod)
#   verify.sh local [CONTAINER]      through podman
#   verify.sh table                  prints the promises as the README's table
# SSH_KEY names the private key of a login (SSH_HOST, SSH_PORT: where; found through the Service by default). RESTART=yes lets it
# restart the pod, which is how persistence is seen. FENCE=OVERLAY (root) tries that overlay's generated fences in network namespaces,
# as a container alone has none around it. What cannot be seen says `not covered` and never counts as passed.
# Exit status: 0 all passed, 1 something failed, 3 nothing failed but something is not covered, 64 usage.
set -uo pipefail
place=${1:-}
case $place in
  cluster) namespace=${2:-secure-agent-pod} ;;
  local) container=${2:-guardpod-workstation} ;;
  table) ;;
  *) sed -n '2,10s/^# \?//p' "$0" >&2; exit 64 ;;
esac
read -ra podman <<<"${PODMAN:-podman}"
read -ra ssh <<<"${SSH:-ssh}"
passed=0 failed=0 uncovered=0

in_pod() { # in_pod COMMAND
  case $place in
    cluster) kubectl -n "$namespace" exec deploy/secure-agent-pod -c workstation -- bash -c "$1" ;;
    local) "${podman[@]}" exec "$container" bash -c "$1" ;;
  esac 2>&1
}
say() { printf '%-12s %s%s\n' "$1" "$2" "${3:+: $3}"; }
uncover() { say 'not covered' "$1" "$2"; uncovered=$((uncovered + 1)); }
judge() { # judge NAME EXPECTED OUTPUT
  # shellcheck disable=SC2053 # what is expected is a glob
  if [[ $3 == $2 ]]; then say ok "$1"; passed=$((passed + 1)); else say FAILED "$1" "${3:-no output}, expected $2"; failed=$((failed + 1)); fi
}
# shellcheck disable=SC2016 # the backticks are the table's
row() { printf '| %s | `%s` | %s |\n' "$1" "${3//|/\\|}" "$2"; }

promise() { # promise NAME EXPECTED COMMAND: in the pod
  if [[ $place == table ]]; then row "$@"; else judge "$1" "$2" "$(in_pod "$3")"; fi
}
promise_cluster() { # promise_cluster NAME EXPECTED COMMAND ROWS: in the pod, where the cluster's network stands around it
  if [[ $place != local ]]; then
    promise "${@:1:3}"
  elif [[ -z ${FENCE:-} ]]; then
    uncover "$1" "a container alone has no network policy; FENCE=homelab tries the generated fences"
  else
    judge "$1" passed "$(fenced "$4")"
  fi
}
fence_rows=
fences() { # tries the fences once; that the trial ended well is a row too
  fence_rows=$("$(dirname "$0")/../manifests/tests/egress.sh" "$FENCE" 2>/dev/null) && fence_rows+=$'\nthe trial\tpassed' || fence_rows+=$'\nthe trial\tfailed'
}
fenced() { # fenced ROWS: `passed`, or the rows of that pattern that did not
  local rows
  rows=$(grep -E "$1|^the trial" <<<"$fence_rows")
  if (($(wc -l <<<"$rows") < 3)); then echo "only: $rows"; else grep -v $'\tpassed$' <<<"$rows" || echo passed; fi
}

# podman stops a pod whose last container ended, and may do so after it was started again: first that must be over.
restart_container() {
  local id pod tries
  read -r id pod < <("${podman[@]}" inspect --format '{{.Id}} {{.Pod}}' "$container") && "${podman[@]}" stop -t 10 "$container" >/dev/null || return 1
  for ((tries = 0; tries < 100; tries++)); do pgrep -f "$id" >/dev/null || break; sleep 0.2; done
  if [[ -n $pod ]]; then "${podman[@]}" pod start "$pod"; else "${podman[@]}" start "$container"; fi >/dev/null
}

persistence() {
  local name='volume persistence' mark=verify-$$-$EPOCHSECONDS
  [[ $place == table ]] && { row "$name" "the same mark" 'echo MARK >~/.verify; restart the pod; cat ~/.verify'; return; }
  [[ ${RESTART:-} == yes ]] || { uncover "$name" "RESTART=yes allows the restart that it needs"; return; }
  in_pod "echo $mark >~/.verify" >/dev/null
  case $place in
    cluster) kubectl -n "$namespace" rollout restart deploy/secure-agent-pod >/dev/null && kubectl -n "$namespace" rollout status --timeout=180s deploy/secure-agent-pod >/dev/null ;;
    local) restart_container ;;
  esac || { judge "$name" ok "the pod did not restart"; return; }
  local tries
  for ((tries = 0; tries < 60; tries++)); do in_pod '/opt/scripts/probe ready' >/dev/null && break; sleep 1; done
  judge "$name" "$mark" "$(in_pod 'cat ~/.verify; rm -f ~/.verify')"
}

login() { # login NAME EXPECTED COMMAND SSH-OPTION...
  local name=$1 expected=$2 command=$3 host=${SSH_HOST:-} port=${SSH_PORT:-22}
  shift 3
  [[ $place == table ]] && { row "$name" "$expected" "ssh ${*:+$* }claude@HOST ${command:-true}"; return; }
  [[ -n ${SSH_KEY:-} ]] || { uncover "$name" "SSH_KEY names no key"; return; }
  if [[ -z $host && $place == cluster ]]; then
    host=$(kubectl -n "$namespace" get service agent-ssh -o 'jsonpath={.status.loadBalancer.ingress[0].ip}' 2>/dev/null)
    [[ -n $host ]] || { uncover "$name" "the Service agent-ssh has no address; set SSH_HOST"; return; }
  fi
  judge "$name" "$expected" "$("${ssh[@]}" -F /dev/null -p "$port" -o ConnectTimeout=10 -o BatchMode=yes -o IdentitiesOnly=yes \
    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i "$SSH_KEY" "$@" "claude@${host:-127.0.0.1}" "$command" 2>&1 | tr -d '\r' | tail -n 1)"
}

# The commands below are for the pod's shell.
# shellcheck disable=SC2016
[[ $place == table ]] && printf '| check | command | expected |\n|---|---|---|\n'
promise 'non-root' '1000' 'id -u'
promise 'no sudo' 'none' 'command -v sudo || echo none'
promise 'no capability to gain' '*0000000000000000' 'grep ^CapBnd /proc/self/status'
promise 'no new privileges' '*1' 'grep ^NoNewPrivs /proc/self/status'
promise 'seccomp filters' '*2' 'grep ^Seccomp: /proc/self/status'
promise 'read-only root' '*Read-only file system*' 'touch /usr/x'
[[ $place == local && -n ${FENCE:-} ]] && fences
reached=': a listed host|: a name below|network|still answers|listed for it'
kept='another|look-alike|instead of|--resolve|listed for 443|upload|data|question|UID 1000|around|plain HTTP'
# Any answer is one too many, whoever gives it: the certificate does not matter.
promise_cluster 'egress blocked' '000*' 'curl -sk -o /dev/null --max-time 8 -w "%{http_code}" https://example.com' "$kept"
promise_cluster 'egress allowed' '[2345]??*' 'curl -s -o /dev/null --max-time 15 -w "%{http_code}" https://api.anthropic.com' "$reached"
if [[ $place != table ]] && [[ $(in_pod '/opt/scripts/secrets-on-disk') == *'no credential'* ]]; then
  uncover 'secrets injected and not on disk' "the container has no credential; create the Secret agent-secrets-tier2"
else
  promise 'secrets injected and not on disk' '*variables, none on disk' '/opt/scripts/secrets-on-disk'
fi
promise 'vibe-kanban running' '[0-9]*' 'pgrep -o -x vibe-kanban'
promise 'its UI answers' '200' 'curl -s -o /dev/null --max-time 5 -w "%{http_code}" http://127.0.0.1:8081/'
persistence
login 'SSH login' '1000' 'id -u'
login 'SSH without a key' '*Permission denied*' '' -o PubkeyAuthentication=no
promise 'the agent adds no key' 'authorizedkeysfile none' '/usr/sbin/sshd -T -f /opt/sshd_config | grep ^authorizedkeysfile'
promise 'the hook denies and records' 'alive' '/opt/scripts/probe live && echo alive'
promise 'settings belong to root' '0 0 0' 'stat -c %u /etc/claude-code/managed-settings.json /etc/guard/config.toml /usr/local/bin/guard | xargs'
promise 'cron runs the checked copy' '*/tmp/pod/crontab*' 'pgrep -a -x supercronic'
promise 'the record is intact' 'intact*' 'guard log verify'
[[ $place == table ]] && exit 0
echo "$passed passed, $failed failed, $uncovered not covered"
((failed)) && exit 1
((uncovered)) && exit 3
exit 0
