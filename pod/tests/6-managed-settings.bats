# What the client would run by itself, outside any hook: each way is tried with no managed settings, where it must work, and with
# the image's, where it must not. README.md lists the outcome.
setup() { . pod/tests/lib.bash; }

WAYS="BASH_ENV CLAUDE_CODE_SHELL_PREFIX PATH apiKeyHelper awsAuthRefresh awsCredentialExport flag-mcp gcpAuthRefresh local-mcp otelHeadersHelper plugin-hook plugin-mcp project-hook project-mcp skill slash-command user-hook user-mcp"

client() { # client MANAGED PROMPT [-e VARIABLE...] [-- ARGUMENT...]: runs it in the image; witnesses gather in $WORK/outside/witness
  local managed=$1 prompt=$2 options=() home=$WORK/outside/home
  shift 2
  while (($#)) && [[ $1 != -- ]]; do options+=("$1"); shift; done
  (($#)) && shift
  rm -rf "$home"
  python3 pod/tests/outside_hook.py "$WORK/outside"
  chown -R 1000:1000 "$home"
  # A way that breaks the client's own login is still a way to run code, so its status counts only where a test says so.
  pm run --rm --network host --read-only --cap-drop all --security-opt no-new-privileges --user 1000:1000 --workdir /home/claude/repos/app \
    -v "$home:/home/claude" --tmpfs /tmp:mode=1777 -v "$WORK/outside/witness:/tmp/witness" ${managed:+-v "$managed:/etc/claude-code/managed-settings.json:ro"} \
    -e ANTHROPIC_BASE_URL=http://127.0.0.1:9094 -e ANTHROPIC_API_KEY=not-a-key -e CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 "${options[@]}" \
    --entrypoint /usr/bin/timeout "$IMAGE" 60 claude -p "$prompt" --dangerously-skip-permissions --output-format stream-json --verbose "$@" </dev/null >"$WORK/outside/log" 2>&1 || true
}

every_way() { # every_way MANAGED
  rm -rf "$WORK/outside/witness"
  install -d -m 777 "$WORK/outside/witness"
  client "$1" go
  grep -q it-ran "$WORK/outside/log" || { tail -c 1000 "$WORK/outside/log"; return 1; }
  client "$1" /own
  client "$1" /own-skill
  client "$1" go -e CLAUDE_CODE_USE_BEDROCK=1
  client "$1" go -e CLAUDE_CODE_USE_VERTEX=1
  client "$1" go -- --mcp-config /home/claude/flag.json
}

@test "without managed settings each way runs its code: the trial itself works" {
  echo '{}' >"$WORK/outside/none.json"
  every_way "$WORK/outside/none.json"
  found=$(cd "$WORK/outside/witness" && echo *)
  [[ $found == "$WAYS" ]] || { echo "found $found"; return 1; }
}

@test "with the image's managed settings none does, and the client works" {
  every_way ""
  found=$(ls "$WORK/outside/witness")
  [[ -z $found ]] || { echo "not held: $found"; return 1; }
}
