# What the client would run by itself, outside any hook: each way is tried with no managed settings, where it must work, and with
# the image's, where it must not. README.md lists the outcome.
setup() { . pod/tests/lib.bash; }

WAYS="BASH_ENV CLAUDE_CODE_PROCESS_WRAPPER CLAUDE_CODE_SHELL CLAUDE_CODE_SHELL_PREFIX PATH SHELL agent-hook agent-mcp apiKeyHelper awsAuthRefresh awsCredentialExport fileSuggestion flag-mcp gcpAuthRefresh local-mcp otelHeadersHelper plugin-hook plugin-mcp processWrapper project-hook project-mcp proxyAuthHelper skill skill-hook slash-command statusLine subagentStatusLine user-hook user-mcp"

# in_image MANAGED [podman's options...] -- PROGRAM...: in a container of its own; the ways' home is made anew, witnesses gather in
# $WORK/outside/witness. LESS names variables that the user's settings do not have this time.
in_image() {
  local managed=$1 options=() home=$WORK/outside/home
  shift
  while [[ $1 != -- ]]; do options+=("$1"); shift; done
  shift
  rm -rf "$home"
  # shellcheck disable=SC2086 # a list of names
  python3 pod/tests/outside_hook.py "$WORK/outside" ${LESS:-}
  chown -R 1000:1000 "$home"
  pm run --rm --network host --read-only --cap-drop all --security-opt no-new-privileges --user 1000:1000 --workdir /home/claude/repos/app \
    -v "$home:/home/claude" --tmpfs /tmp:mode=1777 -v "$WORK/outside/witness:/tmp/witness" ${managed:+-v "$managed:/etc/claude-code/managed-settings.json:ro"} \
    -e ANTHROPIC_BASE_URL=http://127.0.0.1:9094 -e ANTHROPIC_API_KEY=not-a-key -e CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 "${options[@]}" \
    --entrypoint "$1" "$IMAGE" "${@:2}" </dev/null
}

client() { # client MANAGED PROMPT [-e VARIABLE...] [-- ARGUMENT...]: without a terminal
  local managed=$1 prompt=$2 options=()
  shift 2
  while (($#)) && [[ $1 != -- ]]; do options+=("$1"); shift; done
  (($#)) && shift
  # A way that breaks the client's own login is still a way to run code, so its status counts only where a test says so.
  in_image "$managed" "${options[@]}" -- /usr/bin/timeout "${LIMIT:-60}" claude -p "$prompt" --dangerously-skip-permissions \
    --output-format stream-json --verbose "$@" >"$WORK/outside/log" 2>&1 || true
}

background() { # background MANAGED: a session of the background service, which must have begun
  in_image "$1" -- /bin/bash -c 'claude --bg go; for i in {1..50}; do pgrep -f -- --session-id && break; sleep 0.2; done; sleep 1' >"$WORK/outside/log" 2>&1
  grep -q '^backgrounded' "$WORK/outside/log" && grep -qE '^[0-9]+$' "$WORK/outside/log"
}

interactive() { # interactive MANAGED: in a terminal: its screen must show suggestions for a file, then a subagent at work
  in_image "$1" -e TERM=xterm-256color -- /bin/bash -c '
    screen() { tmux capture-pane -p -t t; }
    shown() { local i; for i in {1..150}; do screen | grep -q "$1" && return; sleep 0.2; done; screen; exit 1; }
    tmux new-session -d -s t -x 120 -y 40 "claude --dangerously-skip-permissions"
    shown "bypass permissions on"
    tmux send-keys -t t @a
    shown "(agent)"
    tmux send-keys -t t C-u "ask somebody"
    shown "ask somebody"
    tmux send-keys -t t Enter
    shown "general-purpose  d"
    for i in {1..40}; do test -e /tmp/witness/subagentStatusLine && break; sleep 0.2; done' >"$WORK/outside/log" 2>&1
}

every_way() { # every_way MANAGED
  rm -rf "$WORK/outside/witness"
  install -d -m 777 "$WORK/outside/witness"
  client "$1" go
  grep -q it-ran "$WORK/outside/log" || { tail -c 1000 "$WORK/outside/log"; return 1; }
  LESS=CLAUDE_CODE_SHELL client "$1" go
  client "$1" /own
  client "$1" /own-skill
  client "$1" go -- --agent own-agent
  client "$1" go -e CLAUDE_CODE_USE_BEDROCK=1
  client "$1" go -e CLAUDE_CODE_USE_VERTEX=1
  client "$1" go -- --mcp-config /home/claude/flag.json
  # The proxy is nobody: that it is asked for is enough.
  LIMIT=10 client "$1" go -e CLAUDE_CODE_ENABLE_PROXY_AUTH_HELPER=1 -e HTTP_PROXY=http://127.0.0.1:9 -e HTTPS_PROXY=http://127.0.0.1:9
  background "$1" || { cat "$WORK/outside/log"; return 1; }
  LESS=CLAUDE_CODE_PROCESS_WRAPPER background "$1" || { cat "$WORK/outside/log"; return 1; }
  interactive "$1" || { cat "$WORK/outside/log"; return 1; }
}

@test "without managed settings each way runs its code: the trial itself works" {
  echo '{}' >"$WORK/outside/none.json"
  every_way "$WORK/outside/none.json"
  found=$(cd "$WORK/outside/witness" && LC_ALL=C && echo *)
  [[ $found == "$WAYS" ]] || { diff <(xargs -n1 <<<"$WAYS") <(xargs -n1 <<<"$found"); return 1; }
}

@test "with the image's managed settings none does, and the client works" {
  every_way ""
  found=$(ls "$WORK/outside/witness")
  [[ -z $found ]] || { echo "not held: $found"; return 1; }
}
