#!/usr/bin/env bash
# Passes all tests: the one test command of the README. Installs what is missing from the package registries.
set -euo pipefail
cd "$(dirname "$0")"

need() { # need COMMAND PACKAGE...: installs Debian packages when the command is missing
  command -v "$1" >/dev/null && return
  shift
  echo "installing $*"
  [ "$(id -u)" = 0 ] || { echo "test.sh: \`$*\` is missing; install it, or run as root" >&2; exit 1; }
  [ -n "${apt_updated:-}" ] || { apt-get update -qq; apt_updated=1; }
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

command -v cargo >/dev/null || { echo "test.sh: \`cargo\` is missing; install Rust 1.94.1 or newer" >&2; exit 1; }
need cc gcc libc6-dev
need python3 python3
need npm npm
need shellcheck shellcheck
need mkfifo coreutils
need make make
need xxd xxd
need perl perl
need awk mawk
need rev bsdextrautils
need valgrind valgrind
need valgrind valgrind
need unshare util-linux mount

echo "== cargo test"
cargo test --locked --quiet --features deadman-test,health-bridge
echo "== fuzzing"
cargo test --locked --quiet --features deadman-test,health-bridge --test fuzz -- --nocapture | grep 'property tests'
fuzz/run 20
echo "== the collected arity is what its script makes"
(cd rules/arity && npm ci --silent --no-audit --no-fund && node generate.mjs | cmp - arity.txt) ||
  { echo "test.sh: rules/arity/arity.txt is old; make it again: cd rules/arity && npm run generate" >&2; exit 1; }
echo "== guard test"
cargo build --locked --quiet --features deadman-test,health-bridge
target/debug/guard test
echo "== the project's own scripts"
shellcheck -- *.sh .ci/run fuzz/run benches/ten-times
for script in build-static.sh tests/client/*.sh; do
  [ ! -e "$script" ] || target/debug/guard check "$script"
done
echo "== the binary that ships"
binary=$PWD/$(./build-static.sh | tail -n 1)
echo "$binary"
echo "== what ten fixed calls cost, in instructions and page faults"
python3 benches/gate.py "$binary"
echo "== what calls cost: printed, not asserted"
./build-static.sh --bench hook
benches/ten-times
./build-static.sh --bench hostile
echo "== many hooks at once, killed and stopped"
GUARD_BINARY=$binary cargo test --locked --quiet --features deadman-test,health-bridge --test crowd -- --ignored --nocapture --test-threads 1
echo "== the real client"
tests/client/run
echo "== the pod"
pod/test.sh
echo "== the manifests"
# The image that the step before built is tried inside the fence.
POD_IMAGE=localhost/secure-agent-pod:test manifests/test.sh
