# What the tests share. Every podman command runs inside one network namespace of the test's own, in which only loopback is up.
NS=guardpod
OUT=${POD_TEST_OUT:-$PWD/target/pod}
WORK=$OUT/run
IMAGE=localhost/secure-agent-pod:test
POD=guardpod-workstation
export CONTAINERS_CONF=$OUT/containers.conf

inside() { nsenter --net=/run/netns/$NS "$@"; }
pm() { inside podman "$@"; }
in_pod() { pm exec -i "$POD" "$@"; }
login() { # login [OPTION...] COMMAND: a real ssh login
  inside ssh -q -F /dev/null -p 2222 -i "$WORK/client" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=accept-new \
    -o UserKnownHostsFile="$WORK/known_hosts" claude@127.0.0.1 "$@"
}
refute() { # refute COMMAND...: it must fail. `! COMMAND` alone never fails a test
  if "$@"; then
    echo "held, and must not: $*"
    return 1
  fi
}
eventually() { # eventually SECONDS COMMAND...: until it holds
  local until=$((SECONDS + $1))
  shift
  until "$@"; do ((SECONDS < until)) || return 1; sleep 0.2; done
}
ready_lines() { pm logs "$POD" 2>/dev/null | grep -c 'entrypoint: ready:' || true; }
boots() { [[ $(ready_lines) -ge $1 ]]; }
volume() { echo "$WORK/volumes/home"; }
counted() { cat "$(volume)/.willikins-agent/count/$1" 2>/dev/null || echo 0; } # counted NAME: a counter of the pod
records() { in_pod guard log --json --since 1h; }

start_pod() {
  "$OUT/venv/bin/python" pod/tests/derive.py manifests/base/deployment.yaml "$WORK" "$IMAGE" "$WORK/env.json" >"$WORK/play.yaml"
  pm kube play --start "$WORK/play.yaml" >/dev/null
}

remove_pod() { # the emptyDir too: podman keeps it
  pm pod rm -f -t 1 guardpod >/dev/null 2>&1 || true
  pm volume rm -f tmp >/dev/null 2>&1 || true
}

# podman stops a pod whose last container ended, and may do so after the pod was started again: first that must be over.
start_stopped() {
  local id
  id=$(pm inspect "$POD" --format '{{.Id}}')
  eventually 20 refute pgrep -f "$id" >/dev/null
  pm pod start guardpod >/dev/null
}
restart_pod() { pm pod stop -t "${1:-10}" guardpod >/dev/null && start_stopped; }

serve() { # serve PORT COMMAND...: a server of the test inside its namespace
  local port=$1
  shift
  # Not through `inside`: of a function in the background the shell knows only the subshell.
  nsenter --net=/run/netns/$NS "$@" >"$WORK/serve-$port.log" 2>&1 </dev/null 3>&- 4>&- &
  echo $! >>"$WORK/pids"
  eventually 15 inside bash -c "exec 3<>/dev/tcp/127.0.0.1/$port" 2>/dev/null
}
