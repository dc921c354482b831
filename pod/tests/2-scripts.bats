# Every script against a real Pushgateway and a mock of the bot API, failures included.
setup() { . pod/tests/lib.bash; }
metrics() { inside curl -s http://127.0.0.1:9091/metrics; }
sent() { jq -r .text "$WORK/telegram.jsonl"; }

@test "notify-telegram cuts long texts at lines and sends all of them" {
  : >"$WORK/telegram.jsonl"
  seq -f 'line %g of a long text' 1 500 | in_pod /opt/scripts/notify-telegram
  [[ $(wc -l <"$WORK/telegram.jsonl") -ge 3 ]]
  [[ $(sent | grep -c '^line') == 500 ]]
}

@test "notify-telegram cuts a line that is longer than a message, by the length that the service counts" {
  : >"$WORK/telegram.jsonl"
  # Each of these counts twice there; the mock refuses more than 4,096.
  python3 -c 'print("🛡" * 5000)' | in_pod /opt/scripts/notify-telegram
  [[ $(jq -r '.text | [match("🛡"; "g")] | length' "$WORK/telegram.jsonl" | awk '{ n += $1 } END { print n, NR }') == "5000 3" ]]
}

@test "notify-telegram tries again on 429 and 5xx after the pause that was asked for, then a longer one, and sends refused markup as plain text" {
  : >"$WORK/telegram.jsonl"
  # A fifth of a second in place of each second: one is asked for with 429, two come before the third try.
  echo "flaky text" | pm exec -i -e TELEGRAM_CHAT_ID=flaky -e NOTIFY_PAUSE=0.2 "$POD" /opt/scripts/notify-telegram
  [[ $(jq -r '[.tries, .pauses[0] >= 0.2, .pauses[1] >= 0.4] | @csv' "$WORK/telegram.jsonl") == 3,true,true ]]
  echo "<b>bad" | pm exec -i -e TELEGRAM_CHAT_ID=markup "$POD" /opt/scripts/notify-telegram --html
  [[ $(tail -n 1 "$WORK/telegram.jsonl" | jq -r '.text + (.parse_mode // "plain")') == $'<b>bad\nplain' ]]
}

@test "notify-telegram fails when nothing was sent, and never shows its token" {
  for chat in down gone; do
    run bash -c ". pod/tests/lib.bash; echo text of $chat | pm exec -i -e TELEGRAM_CHAT_ID=$chat $POD /opt/scripts/notify-telegram 2>&1"
    [[ $status == 1 && $output == *"not sent"* && $output != *not-a-real-token* ]] || { echo "$chat: $status $output"; return 1; }
  done
  run bash -c ". pod/tests/lib.bash; echo x | pm exec -i -e TELEGRAM_API_URL=http://127.0.0.1:1 $POD /opt/scripts/notify-telegram 2>&1"
  [[ $status == 1 && $output != *not-a-real-token* ]]
  run bash -c ". pod/tests/lib.bash; : | pm exec -i $POD /opt/scripts/notify-telegram 2>&1"
  [[ $status == 64 ]]
}

@test "the bot's token is in no process's arguments while a message is sent, and in no log" {
  : >"$WORK/telegram.jsonl"
  echo "slow text" | pm exec -i -e TELEGRAM_CHAT_ID=slow "$POD" /opt/scripts/notify-telegram &
  sender=$!
  eventually 5 in_pod pgrep -f notify-telegram >/dev/null
  sleep 0.5
  # Every argument of every process: the sender is among them, the token is not.
  arguments=$(in_pod bash -c 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\0" "\n"')
  kill -0 "$sender"
  wait "$sender"
  grep -q notify-telegram <<<"$arguments"
  refute grep -q not-a-real-token <<<"$arguments"
  grep -q 'slow text' "$WORK/telegram.jsonl"
  # The mock saw it, so it was used.
  jq -r .path "$WORK/telegram.jsonl" | grep -q not-a-real-token
  refute grep -rqF not-a-real-token "$(volume)/.willikins-agent"
}

@test "audit-digest sends also when there is nothing to report, and fails when it was not sent" {
  : >"$WORK/telegram.jsonl"
  in_pod /opt/scripts/audit-digest
  sent | grep -q 'last 24 hours'
  run pm exec -e TELEGRAM_CHAT_ID=gone "$POD" /opt/scripts/audit-digest
  [[ $status != 0 ]]
}

@test "exercise-reminder has words of its own when the model gives none" {
  : >"$WORK/telegram.jsonl"
  pm exec -e CLAUDE=/bin/false "$POD" /opt/scripts/exercise-reminder standing
  sent | grep -q 'squats'
  pm exec -e CLAUDE=/bin/echo "$POD" /opt/scripts/exercise-reminder desk
  sent | grep -q 'Suggest one desk exercise'
  run in_pod /opt/scripts/exercise-reminder sofa
  [[ $status == 64 ]]
}

@test "exercise-reminder sends what the real client says" {
  : >"$WORK/telegram.jsonl"
  pm exec -e ANTHROPIC_BASE_URL=http://127.0.0.1:9095 "$POD" /opt/scripts/exercise-reminder desk
  [[ $(sent) == "all done"* ]]
}

@test "heartbeats and the next expected run reach the Pushgateway" {
  in_pod /opt/scripts/push-heartbeat audit-digest duration_seconds=1.5 'note=a "quoted" \ value'
  in_pod /opt/scripts/push-next-expected audit-digest
  metrics | grep -E '^agent_job_last_success_timestamp_seconds\{.*note="a \\"quoted\\" \\\\ value".*task="audit-digest"'
  metrics | grep -E '^agent_job_duration_seconds\{.*task="audit-digest".*\} 1.5'
  next=$(metrics | grep -E '^agent_job_next_expected_timestamp_seconds\{.*task="audit-digest"' | awk '{ printf "%d", $NF }')
  [[ $next -gt $EPOCHSECONDS && $next -le $((EPOCHSECONDS + 86400)) ]]
  [[ $(in_pod date -d "@$next" +%H:%M) == 07:00 ]]
  run in_pod /opt/scripts/push-next-expected no-such-job
  [[ $status == 1 ]]
  run in_pod /opt/scripts/push-heartbeat
  [[ $status == 64 ]]
  run pm exec -e PUSHGATEWAY_URL=http://127.0.0.1:1 "$POD" /opt/scripts/push-heartbeat x
  [[ $status != 0 ]]
}

@test "a job that the crontab has no more is overdue no more" {
  in_pod bash -c '(cat /opt/crontab; echo "0 5 * * * /opt/scripts/run-job passing true") >~/.crontab; /opt/scripts/check-startup-files; /opt/scripts/run-job passing true'
  metrics | grep -q '^agent_job_next_expected_timestamp_seconds{.*task="passing"'
  in_pod bash -c '/opt/scripts/run-job audit-digest true; cp /opt/crontab ~/.crontab; /opt/scripts/check-startup-files'
  refute grep -q 'task="passing"' <<<"$(metrics)"
  metrics | grep -q '^agent_job_next_expected_timestamp_seconds{.*task="audit-digest"'
}

@test "what is pushed follows the conventions of Prometheus" {
  in_pod /opt/scripts/push-heartbeat audit-digest duration_seconds=1.5
  in_pod /opt/scripts/push-next-expected audit-digest
  in_pod /opt/scripts/push-metrics
  in_pod /opt/scripts/check-startup-files
  metrics | grep -E '^(# (HELP|TYPE) )?(agent|guard)_' >"$WORK/pushed"
  for name in agent_job_last_success_timestamp_seconds agent_job_duration_seconds agent_job_next_expected_timestamp_seconds agent_pod_starts_total agent_pod_ended_total \
    agent_pod_startup_lines_refused guard_calls_total guard_hook_duration_seconds; do grep -q "^$name" "$WORK/pushed"; done
  promtool check metrics <"$WORK/pushed"
}

@test "guard's own numbers reach the Pushgateway" {
  jq -cn '{hook_event_name: "PreToolUse", session_id: "s", tool_use_id: "t", cwd: "/tmp", tool_name: "Bash", tool_input: {command: "cat /etc/shadow"}}' |
    in_pod guard hook | grep -q '"deny"'
  in_pod /opt/scripts/push-metrics
  metrics | grep -E '^guard_calls_total\{.*decision="deny"'
  metrics | grep -E '^agent_pod_starts_total\{.*\} [1-9]'
}

@test "session-manager keeps one session per repository, survives reused pids, starts nothing during shutdown" {
  in_pod bash -c 'mkdir -p ~/repos/one ~/repos/two'
  in_pod bash -c 'cat >/tmp/claude-forking; chmod 755 /tmp/claude-forking' <pod/tests/standins/claude-forking
  manage() { pm exec -e AGENT_REPOS="one two" -e CLAUDE=/tmp/claude-forking -e CLAUDE_LIFE="$1" "$POD" /opt/scripts/session-manager; }
  run manage 60
  [[ $(grep -c 'started' <<<"$output") == 2 ]] || { echo "$output"; return 1; }
  run manage 60
  [[ -z $output && $status == 0 ]] || { echo "$output"; return 1; }
  # Another process got the pid: the file is stale.
  in_pod bash -c 'pkill -f "[s]ecure-agent-pod-one"; echo "1 12345" >~/.willikins-agent/sessions/one.pid'
  run manage 60
  [[ $output == *"started one"* ]]
  # Overlapping runs: one works.
  in_pod bash -c 'pkill -f "[c]laude-forking remote"; rm ~/.willikins-agent/sessions/*.pid; for i in 1 2 3 4 5 6; do AGENT_REPOS="one two" CLAUDE=/tmp/claude-forking CLAUDE_LIFE=60 /opt/scripts/session-manager & done; wait' >"$WORK/overlap"
  [[ $(grep -c 'started' "$WORK/overlap") == 2 ]] || { cat "$WORK/overlap"; return 1; }
  # One that dies is started again.
  in_pod bash -c 'read -r pid _ <~/.willikins-agent/sessions/two.pid; kill -9 $pid'
  run manage 60
  [[ $output == *"started two"* ]]
  # No longer wanted.
  run pm exec -e AGENT_REPOS="one" -e CLAUDE=/tmp/claude-forking "$POD" /opt/scripts/session-manager
  [[ $output == *"ended two"* ]]
  run pm exec -e AGENT_REPOS="../x nowhere" -e CLAUDE=/tmp/claude-forking "$POD" /opt/scripts/session-manager
  [[ $status == 1 && $output == *"no name of a folder"* && $output == *"clone it first"* ]]
  in_pod touch /tmp/pod/stopping
  run pm exec -e AGENT_REPOS="two" -e CLAUDE=/tmp/claude-forking "$POD" /opt/scripts/session-manager
  in_pod rm /tmp/pod/stopping
  [[ -z $output ]]
  run manage 60
  [[ $output == *"started one"* && $output == *"started two"* ]]
  run in_pod /opt/scripts/session-manager --end-all
  [[ $output == *"ended one"* && $output == *"ended two"* ]]
  eventually 5 refute in_pod pgrep -fa -- "remote-control --name secure-agent-pod-two"
  # The end waits for a run that is at work, so what that one starts is ended too.
  run manage 60
  in_pod bash -c 'exec 8>~/.willikins-agent/sessions/lock; flock 8; touch /tmp/locked; sleep 1.5' &
  eventually 5 in_pod test -e /tmp/locked
  run in_pod /opt/scripts/session-manager --end-all
  wait
  [[ $output == *"ended one"* && $output == *"ended two"* ]] || { echo "$output"; return 1; }
  grep -q 'started remote-control' "$(volume)/.willikins-agent/logs/session-one.log"
}

@test "sessions that die at random are started again, and never twice" {
  in_pod bash -c 'mkdir -p ~/repos/one ~/repos/two; cat >/tmp/claude-forking; chmod 755 /tmp/claude-forking' <pod/tests/standins/claude-forking
  for ((round = 0; round < 8; round++)); do
    pm exec -e AGENT_REPOS="one two" -e CLAUDE=/tmp/claude-forking "$POD" /opt/scripts/session-manager
    for repo in one two; do
      [[ $(in_pod ps -eo sid=,args= | grep -E -- "remote-control --name [a-z-]*-$repo\$" | awk '{ print $1 }' | sort -u | wc -l) -le 1 ]]
    done
    sleep 0.4
  done
  [[ $(grep -c '^started' "$(volume)/.willikins-agent/logs/session-one.log") -ge 2 ]]
  in_pod /opt/scripts/session-manager --end-all
}

@test "a session does not get what only the pod's scripts need" {
  run pm exec "$POD" /opt/scripts/withhold env
  refute grep -qE '^(TELEGRAM_BOT_TOKEN|PUSHGATEWAY_URL)=' <<<"$output"
  grep -q '^ANTHROPIC_API_KEY=' <<<"$output"
}

@test "credentials in remotes are taken out" {
  in_pod bash -c 'git init -q ~/repos/leaky && git -C ~/repos/leaky remote add origin "https://user:not-a-real-token@forge.example/x.git" && git -C ~/repos/leaky remote add ssh git@forge.example:x.git; cd ~/repos/leaky; git config url.https://not-a-real-token@forge.example/.insteadOf forge:; git config branch.main.remote https://not-a-real-token@forge.example/y.git; mkdir -p .git/modules/sub; git config --file .git/modules/sub/config remote.origin.url https://not-a-real-token@forge.example/sub.git; mkdir -p ~/repos/broken/.git; echo "[[[" >~/repos/broken/.git/config'
  run in_pod /opt/scripts/scrub-remotes
  [[ $output == *"remote.origin.url"* && $output != *not-a-real-token* ]]
  [[ $(in_pod git -C /home/claude/repos/leaky remote get-url origin) == https://forge.example/x.git ]]
  run grep -rF not-a-real-token "$(volume)/repos"
  [[ -z $output ]] || { echo "$output"; return 1; }
  [[ $(in_pod git -C /home/claude/repos/leaky remote get-url ssh) == git@forge.example:x.git ]]
}

@test "credential-check names what is absent, holds or broke, tells the channel, and shows no value" {
  : >"$WORK/telegram.jsonl"
  run in_pod /opt/scripts/credential-check
  [[ $status == 1 && $output == *"absent  github"* && $output == *"ok      anthropic"* && $output == *"broken  kubernetes test"* && $output != *not-a-real-key* ]]
  sent | grep -q 'no longer work: kubernetes test'
  run pm exec -e ANTHROPIC_BASE_URL=http://127.0.0.1:1 "$POD" /opt/scripts/credential-check
  [[ $output == *"broken  anthropic"* ]]
}

@test "run-job: a heartbeat when it went well, none when it failed, never two at once, nothing while the pod stops" {
  in_pod /opt/scripts/run-job went-well true || true
  run in_pod /opt/scripts/run-job went-wrong bash -c 'echo the reason; exit 7'
  [[ $status == 7 && $output == *"the reason"* ]]
  metrics | grep -q '^agent_job_last_success_timestamp_seconds{.*task="went-well"'
  refute grep -q 'task="went-wrong"' <<<"$(metrics)"
  in_pod bash -c '/opt/scripts/run-job slow sleep 2 & sleep 0.5; /opt/scripts/run-job slow sleep 2; wait' | grep -q 'slow still runs'
  in_pod bash -c 'touch /tmp/pod/stopping; /opt/scripts/run-job late touch /tmp/late; rm /tmp/pod/stopping; test ! -e /tmp/late'
}

@test "each line of the template's crontab runs" {
  while IFS= read -r command; do
    [[ $command == *credential-check* ]] && continue
    run pm exec -e CLAUDE=/bin/false "$POD" bash -c "$command"
    [[ $status == 0 ]] || { echo "$command: $status $output"; return 1; }
  done < <(in_pod cat /opt/crontab | grep -v '^#' | awk '{ $1 = $2 = $3 = $4 = $5 = ""; print }')
}

@test "fetch-config fetches and does not merge" {
  in_pod bash -c 'set -e; export HOME=/tmp/git-home; mkdir -p $HOME; cd /tmp; rm -rf up.git work ~/x; git init -q --bare -b main up.git; git clone -q up.git work; cd work; git config user.name t; git config user.email t@example.com; echo a >a; git add a; git commit -qm a; git push -q origin HEAD; rm -rf /home/claude/repos/conf; git clone -q /tmp/up.git /home/claude/repos/conf; echo b >a; git commit -qam b; git push -q origin HEAD'
  : >"$WORK/telegram.jsonl"
  pm exec -e AGENT_CONFIG_REPO=conf "$POD" /opt/scripts/fetch-config
  sent | grep -q '1 new commits in conf'
  [[ $(in_pod cat /home/claude/repos/conf/a) == a ]]
  : >"$WORK/telegram.jsonl"
  pm exec -e AGENT_CONFIG_REPO=conf "$POD" /opt/scripts/fetch-config
  [[ ! -s $WORK/telegram.jsonl ]]
}

@test "rotate-logs compresses large logs, keeps small ones, and deletes what is old" {
  in_pod bash -c 'cd ~/.willikins-agent/logs && touch -d "-15 days" was.log.1.gz && touch -d "-13 days" is.log.2.gz'
  in_pod bash -c 'cd ~/.willikins-agent/logs && head -c 3000 /dev/zero | tr "\0" x >big.log && echo small >small.log'
  pm exec -e LOG_MAX_BYTES=1000 "$POD" /opt/scripts/rotate-logs
  [[ ! -s $(volume)/.willikins-agent/logs/big.log ]]
  [[ $(zcat "$(volume)"/.willikins-agent/logs/big.log.*.gz | wc -c) == 3000 ]]
  [[ $(cat "$(volume)/.willikins-agent/logs/small.log") == small ]]
  [[ ! -e $(volume)/.willikins-agent/logs/was.log.1.gz && -e $(volume)/.willikins-agent/logs/is.log.2.gz ]]
}
