# verify.sh against the local container, and against a cluster's command line.
setup_file() { # the tests before may have left the pod stopped
  . pod/tests/lib.bash
  [[ $(pm inspect "$POD" --format '{{.State.Running}}') == true ]] && return
  start_stopped
  eventually 30 in_pod /opt/scripts/probe ready
}
setup() { . pod/tests/lib.bash; export PODMAN="nsenter --net=/run/netns/$NS podman" SSH="nsenter --net=/run/netns/$NS ssh" SSH_PORT=2222 SSH_HOST=127.0.0.1; }

@test "local: everything that one container can show passes, the rest is not covered and not passed" {
  export SSH_KEY=$WORK/client
  run pod/verify.sh local "$POD"
  echo "$output"
  [[ $status == 3 && ${lines[-1]} == "16 passed, 0 failed, 3 not covered" ]]
  [[ $output == *"not covered  egress blocked"* && $output == *"not covered  volume persistence"* ]]
}

@test "local: without a key nothing is said of logins" {
  run pod/verify.sh local "$POD"
  [[ $status == 3 && ${lines[-1]} == "14 passed, 0 failed, 5 not covered" ]]
}

@test "cluster: through kubectl; egress that goes nowhere fails where it must be allowed" {
  mkdir -p "$WORK/bin"
  cp pod/tests/standins/kubectl "$WORK/bin/kubectl"
  export PATH="$WORK/bin:$PATH" VERIFY_CONTAINER=$POD VERIFY_ADDRESS=127.0.0.1 SSH_KEY=$WORK/client
  unset SSH_HOST
  run pod/verify.sh cluster
  echo "$output"
  [[ $status == 1 && $output == *"ok           egress blocked"* && $output == *"FAILED       egress allowed"* && $output == *"ok           SSH login"* ]]
}

@test "a promise that does not hold fails" {
  in_pod bash -c 'printf "%s" "$ANTHROPIC_API_KEY" >~/leak'
  run pod/verify.sh local "$POD"
  in_pod bash -c 'rm ~/leak'
  [[ $status == 1 && $output == *"FAILED       secrets injected and not on disk: on disk: ANTHROPIC_API_KEY"* ]] || { echo "$output"; return 1; }
  run pod/verify.sh local no-such-container
  [[ $status == 1 && $output == *"FAILED       non-root"* ]]
}

@test "each promise fails in a container that keeps none of them" {
  # Everything the other way round: root, a capability, no filters, a root to write, sudo, a key of the agent's, a credential on disk, no process.
  sed 's/^AuthorizedKeys.*/AuthorizedKeysFile .ssh\/authorized_keys/' pod/etc/sshd_config >"$WORK/open-sshd"
  cp pod/etc/managed-settings.json "$WORK/own-settings.json"
  chown 1000 "$WORK/own-settings.json"
  printf '#!/bin/sh\n[ "$1" = ready ]\n' >"$WORK/says-ready"
  chmod 755 "$WORK/says-ready"
  rm -rf "$WORK/changed-state"
  mkdir "$WORK/changed-state"
  pm run -d --name guardpod-broken --network none --user 0 --cap-add NET_ADMIN --security-opt seccomp=unconfined --tmpfs /home/claude -e ANTHROPIC_API_KEY=not-a-real-key \
    -v "$WORK/changed-state:/home/claude/.local/state/guard" -v "$WORK/open-sshd:/opt/sshd_config:ro" -v "$WORK/own-settings.json:/etc/claude-code/managed-settings.json" \
    -v "$WORK/says-ready:/opt/scripts/probe:ro" -v /bin/true:/usr/local/bin/sudo:ro --entrypoint /usr/bin/sleep "$IMAGE" infinity >/dev/null
  changed() { pm exec -i guardpod-broken "$@"; }
  jq -cn '{hook_event_name: "PreToolUse", session_id: "s", tool_use_id: "t", cwd: "/tmp", tool_name: "Bash", tool_input: {command: "cat /etc/shadow"}}' | changed guard hook >/dev/null
  changed guard log verify
  changed sqlite3 /home/claude/.local/state/guard/guard.db "UPDATE record SET json = replace(json, 'shadow', 'motd')"
  changed bash -c 'echo "$ANTHROPIC_API_KEY" >/home/claude/.env'
  export RESTART=yes SSH_KEY=$WORK/client SSH_PORT=1
  run pod/verify.sh local guardpod-broken
  pm rm -f -t 0 guardpod-broken >/dev/null
  echo "$output"
  # The two egress rows need a network; the next test has one.
  [[ $status == 1 && ${lines[-1]} == "0 passed, 17 failed, 2 not covered" ]]
}

@test "cluster: a way out that is open is seen, and one that is allowed passes" {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext 'subjectAltName=DNS:api.anthropic.com' -keyout "$WORK/key" -out "$WORK/certificate" 2>/dev/null
  serve 443 python3 manifests/tests/world.py "$WORK/certificate" "$WORK/key"
  pm run -d --name guardpod-open --network host --add-host example.com:127.0.0.1 --add-host api.anthropic.com:127.0.0.1 -e CURL_CA_BUNDLE=/certificate \
    -v "$WORK/certificate:/certificate:ro" --entrypoint /usr/bin/sleep "$IMAGE" infinity >/dev/null
  mkdir -p "$WORK/bin"
  cp pod/tests/standins/kubectl "$WORK/bin/kubectl"
  PATH="$WORK/bin:$PATH" VERIFY_CONTAINER=guardpod-open run pod/verify.sh cluster
  pm rm -f -t 0 guardpod-open >/dev/null
  [[ $output == *"FAILED       egress blocked: 200, expected 000"* && $output == *"ok           egress allowed"* ]] || { echo "$output"; return 1; }
}

@test "persistence is seen by a restart" {
  export RESTART=yes
  run pod/verify.sh local "$POD"
  echo "$output"
  [[ $output == *"ok           volume persistence"* ]]
}

@test "the README's table is the one that verify.sh runs" {
  diff <(sed -n '/<!-- promises -->/,/<!-- end -->/p' pod/README.md | sed '1d;$d') <(pod/verify.sh table)
}
