#!/usr/bin/env bash
# The supervisor: prepares the volume, starts sshd, cron and the task board, and ends when the first of them ends, so that
# Kubernetes restarts the pod. Exit status: 0 when asked to stop, else non-zero, also when the child that ended said 0.
set -uo pipefail
# shellcheck source=pod/etc/pod.env
. /opt/pod.env || exit 1
declare -A name_of=()
stopping=

log() { printf '%(%FT%TZ)T entrypoint: %s\n' -1 "$*"; }

start() { # start NAME COMMAND...
  local name=$1
  shift
  "$@" &
  name_of[$!]=$name
}

open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

gone() { # gone: whether a child has ended
  local pid
  for pid in "${!name_of[@]}"; do kill -0 "$pid" 2>/dev/null || return 0; done
  return 1
}

# What asks the supervisor to end asks its children to end: forwarding HUP as HUP would make sshd start again instead.
# shellcheck disable=SC2317 # the traps call it
stop() {
  [[ -n $stopping ]] && return
  stopping=$1
  log "received $1, stopping ${name_of[*]}"
  ask
}

ask() { # asks every child and every session to end
  touch "$CHECKED/stopping"
  kill -TERM "${!name_of[@]}" 2>/dev/null
  timeout 1 /opt/scripts/session-manager --end-all
}

trap 'stop TERM' TERM
trap 'stop INT' INT
trap 'stop HUP' HUP

/opt/scripts/prepare-home || { log "the volume could not be prepared; see above"; exit 1; }
[[ -n $stopping ]] && exit 0
start sshd /usr/sbin/sshd -D -e -f /opt/sshd_config
start cron /usr/local/bin/supercronic -passthrough-logs "$CHECKED/crontab"
start vibe-kanban /opt/scripts/withhold /usr/local/bin/vibe-kanban
/opt/scripts/push-metrics >/dev/null 2>&1 &

for ((tries = 0; tries < 600; tries++)); do
  if open "$SSH_PORT" && open "$PORT" && [[ -z $stopping ]] && ! gone; then
    ready=
    for pid in "${!name_of[@]}"; do ready+=" ${name_of[$pid]}=$pid"; done
    log "ready:$ready ssh=$SSH_PORT http=$PORT"
    break
  fi
  { [[ -n $stopping ]] || gone; } && break
  sleep 0.1
done

ended='' status=0
while [[ -z $stopping ]]; do
  wait -n -p ended "${!name_of[@]}"
  status=$?
  # A signal interrupts the wait; nothing has ended then.
  [[ -n ${ended:-} ]] && break
done
if [[ -z $stopping ]]; then
  log "${name_of[$ended]} (pid $ended) ended with status $status; stopping the rest"
  /opt/scripts/count "ended-${name_of[$ended]}" "ended with status $status"
  unset "name_of[$ended]"
  ask
  ((status)) || status=1
else
  status=0
fi
for ((tries = 0; tries < STOP_GRACE * 20; tries++)); do
  for pid in "${!name_of[@]}"; do kill -0 "$pid" 2>/dev/null || unset "name_of[$pid]"; done
  ((${#name_of[@]})) || break
  sleep 0.05
done
((${#name_of[@]})) && { log "killing ${name_of[*]}: no end within $STOP_GRACE s"; kill -KILL "${!name_of[@]}" 2>/dev/null; }
timeout 1 "$GUARD" drain >/dev/null || log "the journal stays undrained; the next start drains it"
log "stopped"
exit "$status"
