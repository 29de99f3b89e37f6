# shellcheck shell=bash
# Configures and builds. Sourced after say.sh.

# build_targets PRESET TARGET…: CMake's own words are shown only when it fails; the compiler's always.
# CMAKE_BUILD_PARALLEL_LEVEL limits the jobs; as many as there are cores by default.
build_targets() {
  local preset=$1 log=$ROOT/build/$1.configure.log
  shift
  mkdir -p "$ROOT/build"
  (cd "$ROOT" && cmake --preset "$preset") >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    die "cmake --preset $preset failed; its log: $log"
  }
  say "building ($preset): $*"
  (cd "$ROOT" && cmake --build --preset "$preset" -j "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" --target "$@") >&2 ||
    die "the build failed"
}
