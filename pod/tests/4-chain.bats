# The whole chain: the real client in the pod, prompts skipped, a scripted model on loopback.
setup() { . pod/tests/lib.bash; }

@test "every forbidden call and every attempt to switch guard off is refused and recorded; honest work runs" {
  in_pod bash -c 'rm -rf ~/repos/app && git init -q ~/repos/app && mkdir -p ~/.ssh && echo "not a real key" >~/.ssh/id_ed25519'
  run login 'cd repos/app && timeout 120 claude -p go --dangerously-skip-permissions --output-format stream-json --verbose </dev/null'
  echo "$output" >"$WORK/chain.log"
  records >"$WORK/chain-records.jsonl"
  turns=$(jq '.turns | length' pod/tests/chain.json)
  for ((turn = 0; turn < turns; turn++)); do
    id=toolu_case_${turn}_0
    wanted=$(jq -r ".turns[$turn].decision" pod/tests/chain.json)
    got=$(jq -r "select(.event == \"PreToolUse\" and .tool_use_id == \"$id\") | .decision" "$WORK/chain-records.jsonl" | head -n 1)
    [[ $got == "$wanted" ]] || { echo "turn $turn: $got, expected $wanted: $(jq -c ".turns[$turn].input" pod/tests/chain.json)"; failed=1; }
  done
  [[ -z ${failed:-} ]]
  # What was refused did not happen: each call would have left a witness.
  run in_pod bash -c 'ls /tmp/witness-* 2>/dev/null'
  [[ -z $output ]] || { echo "$output"; return 1; }
  in_pod test -e /home/claude/repos/app/honest.txt
}

@test "the digest of that run shows the refusals, and the chain of records is intact" {
  denied=$(jq -s '[.[] | select(.decision == "deny" and .session != "probe")] | length' "$WORK/chain-records.jsonl")
  digest=$(in_pod guard audit --since 1h --format text)
  grep -q " $denied denied" <<<"$digest" || { echo "$denied denied, but: $digest"; return 1; }
  for rule in guard-tampered client-started secret-read startup-file-written; do grep -q "$rule: " <<<"$digest"; done
  run in_pod guard log verify
  [[ $status == 0 && $output == *intact* ]]
}

@test "the board starts the guarded client, and guard keeps a record of what it did" {
  before=$(records | grep -c '"event":"PreToolUse"')
  run inside curl -s --max-time 120 -H 'X-Folder: /home/claude/repos/app' -d go http://127.0.0.1:8081/start
  after=$(records | grep -c '"event":"PreToolUse"')
  [[ $after -gt $before ]] || { echo "$output" | tail -c 2000; return 1; }
}

@test "pruning keeps the chain" {
  in_pod guard log prune --keep 90d
  run in_pod guard log verify
  [[ $status == 0 && $output == intact* ]]
}

@test "the agent cannot kill or replace the hook, nor reach root" {
  run in_pod bash -c 'rm -f /usr/local/bin/guard; mv /usr/local/bin/guard /tmp/x; chmod 0 /usr/local/bin/guard; mount -t tmpfs none /etc/guard; unshare -r true'
  in_pod guard --version
  grep -qi 'read-only\|denied\|not permitted' <<<"$output"
}
