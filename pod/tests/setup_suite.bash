setup_suite() {
  cd "$BATS_TEST_DIRNAME/../.." 2>/dev/null || true
  . pod/tests/lib.bash
  ip netns add $NS 2>/dev/null || true
  inside ip link set lo up
  remove_pod
  # Whatever a broken-off run left in the test's own namespace.
  ip netns pids $NS | xargs -r kill 2>/dev/null || true
  rm -rf "$WORK"
  mkdir -p "$WORK"
  ssh-keygen -q -t ed25519 -N '' -f "$WORK/client"
  ssh-keygen -q -t ed25519 -N '' -f "$WORK/stranger"
  cp pod/tests/chain.json "$WORK/case.json"
  serve 9091 prometheus-pushgateway --web.listen-address=127.0.0.1:9091
  serve 9092 python3 pod/tests/mock_telegram.py 9092 "$WORK/telegram.jsonl"
  serve 9093 python3 pod/tests/mock_model.py 9093 "$WORK/case.json"
  echo '{"turns": []}' >"$WORK/says.json" # says `all done`, and calls nothing
  serve 9095 python3 pod/tests/mock_model.py 9095 "$WORK/says.json"
  mkdir -p "$WORK/outside"
  python3 pod/tests/outside_hook.py "$WORK/outside"
  serve 9094 python3 pod/tests/mock_model.py 9094 "$WORK/outside/case.json"
  jq -n '{
    PUSHGATEWAY_URL: "http://127.0.0.1:9091", TELEGRAM_API_URL: "http://127.0.0.1:9092", TELEGRAM_CHAT_ID: "ok",
    TELEGRAM_BOT_TOKEN: ("00" + ":" + "not-a-real-token"), NOTIFY_PAUSE: "0.01",
    ANTHROPIC_BASE_URL: "http://127.0.0.1:9093", ANTHROPIC_API_KEY: ("not-a-" + "real-key"),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    TRICKY: "two  blanks \"quotes\" '\''single'\'' $HOME $(id)\nsecond line", LD_PRELOAD_X: "", BASH_FUNC_X: "no"
  }' >"$WORK/env.json"
  local began=$EPOCHREALTIME
  start_pod
  if ! eventually 60 boots 1; then
    pm logs "$POD" >&3 2>&1
    return 1
  fi
  awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "# boot time: %.1f s until ready\n", b - a }' >&3
}

teardown_suite() {
  . pod/tests/lib.bash
  remove_pod
  [[ -e $WORK/pids ]] && xargs kill <"$WORK/pids" 2>/dev/null
  ip netns del $NS 2>/dev/null || true
}
