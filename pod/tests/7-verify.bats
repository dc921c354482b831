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

@test "persistence is seen by a restart" {
  export RESTART=yes
  run pod/verify.sh local "$POD"
  echo "$output"
  [[ $output == *"ok           volume persistence"* ]]
}

@test "the README's table is the one that verify.sh runs" {
  diff <(sed -n '/<!-- promises -->/,/<!-- end -->/p' pod/README.md | sed '1d;$d') <(pod/verify.sh table)
}
