# shellcheck shell=bash
# What every script here begins with: where the clone is, and how to speak. Sourced.

# shellcheck disable=SC2034  # read by who sources this
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# All talk goes to stderr, so that stdout is free for data.
say() { printf '%s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}
