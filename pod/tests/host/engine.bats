# A machine on which containers cannot run is told so; nothing is skipped.
@test "where containers cannot run, the tests end with a failure that says why" {
  # podman has the base image and runs nothing.
  printf '#!/bin/sh\n[ "$1" = image ] && exit 0\necho "runc: operation not permitted here" >&2\nexit 126\n' >"$BATS_TEST_TMPDIR/podman"
  chmod 755 "$BATS_TEST_TMPDIR/podman"
  run env PATH="$BATS_TEST_TMPDIR:$PATH" POD_TEST_CACHE="$BATS_TEST_TMPDIR/cache" bash -c '. pod/tests/engine.bash; start_engine "$1"; echo went on' some-test.sh "$BATS_TEST_TMPDIR"
  echo "$output"
  [[ $status == 1 && $output == "some-test.sh: containers cannot run here, so nothing of them was tested: runc: operation not permitted here" ]]
}
