# shellcheck shell=bash
# Processes by their ids, and ports. Sourced after say.sh.

# True while the process lives. A zombie has ended: in a container nobody may ever collect it.
is_running() {
  local state
  [[ -n ${1:-} && -r /proc/$1/stat ]] || return 1
  state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 1
  [[ $state && $state != Z && $state != X ]]
}

# is_ours PID WORD: the process lives and its command line has the word. Guards against a pid file that outlived its
# process and now names somebody else's.
is_ours() {
  is_running "$1" && tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF -- "$2"
}

# end_process PID NAME SECONDS: SIGTERM, then waits for the end; SIGKILL, loudly, when it does not come in time.
# Returns 1 when it had to kill.
end_process() {
  local pid=$1 name=$2 limit=$((SECONDS + $3))
  is_running "$pid" || return 0
  kill -TERM "$pid" 2>/dev/null || return 0
  while is_running "$pid"; do
    if ((SECONDS > limit)); then
      say "$name (pid $pid) did not end within $3 s of SIGTERM: killing it"
      kill -KILL "$pid" 2>/dev/null || true
      return 1
    fi
    sleep 0.1
  done
}

# Prints a port of 127.0.0.1 on which nobody listens now. Somebody may take it before the caller does: callers try again
# with another when their server cannot bind. Below 32768 the kernel hands out none by itself.
free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}
