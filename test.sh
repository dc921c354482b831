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

need cargo cargo
need cc gcc libc6-dev
cargo test --quiet
