# What survives the end of a process, of the container, and of a volume's remount.
setup() { . pod/tests/lib.bash; }
host_key() { inside ssh-keyscan -p 2222 -t ed25519 127.0.0.1 2>/dev/null | awk '{ print $3 }'; }
restarted() { boots $(($1 + 1)) && inside bash -c 'exec 3<>/dev/tcp/127.0.0.1/2222' 2>/dev/null; }

@test "kill -9 of each child ends the container, which comes back with the same host key and is counted" {
  key=$(host_key)
  [[ -n $key ]]
  for child in sshd supercronic vibe-kanban; do
    boots=$(ready_lines)
    # The oldest of that name is the supervisor's child.
    in_pod pkill -9 -o -x "$child"
    eventually 40 restarted "$boots" || { echo "after $child: $(pm logs "$POD" 2>&1 | tail -n 5)"; return 1; }
    [[ $(host_key) == "$key" ]]
  done
  [[ $(grep -c 'ended with status 137' "$(volume)/.willikins-agent/restarts") -ge 3 ]]
}

@test "a child that ends with 0 is a failure of the pod all the same" {
  boots=$(ready_lines)
  in_pod pkill -TERM -o -x supercronic
  eventually 40 restarted "$boots"
  grep -q 'cron ended with status' "$(volume)/.willikins-agent/restarts"
  [[ $(pm inspect "$POD" --format '{{.RestartCount}}') -ge 1 ]]
}

@test "edits survive a boot; keys left group-readable by a remount do not stop sshd; the board's profile is put right" {
  echo '# mine' >>"$(volume)/.bashrc"
  chmod 660 "$(volume)"/.ssh-host-keys/*_key
  echo '{"executors": {}}' >"$(volume)/.local/share/vibe-kanban/profiles.json"
  key=$(host_key)
  boots=$(ready_lines)
  pm restart -t 10 "$POD" >/dev/null
  eventually 40 restarted "$boots"
  [[ $(host_key) == "$key" ]]
  grep -q '^# mine$' "$(volume)/.bashrc"
  [[ $(stat -c %a "$(volume)/.ssh-host-keys/ssh_host_rsa_key") == 600 ]]
  in_pod cmp /opt/vibe-kanban.json /home/claude/.local/share/vibe-kanban/profiles.json
}

@test "orphans are reaped" {
  in_pod bash -c 'for i in 1 2 3 4 5; do (sleep 0.2 & exec true) & done; wait'
  sleep 1
  run in_pod ps -eo stat=
  ! grep -q '^Z' <<<"$output"
}

@test "a stop takes less than five seconds, ends with 0 and drains the journal" {
  began=$EPOCHREALTIME
  pm stop -t 15 "$POD" >/dev/null
  took=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }')
  echo "# stopped in $took s" >&3
  awk -v t="$took" 'BEGIN { exit !(t < 5) }'
  [[ $(pm inspect "$POD" --format '{{.State.ExitCode}}') == 0 ]]
  pm logs "$POD" 2>&1 | tail -n 3 | grep -q 'stopped'
}
