# shellcheck shell=bash
# Runs our own programs in the background: each with a log in $folder, stopped in the reverse order of their starts.
# Sourced after say.sh and process.sh, by a script that has $bin and $folder.

program_names=()
program_pids=()

# start_program PROGRAM ARGUMENT…: it is known by its own name.
start_program() { start_as "$1" "$@"; }

# start_as NAME PROGRAM ARGUMENT…: stdout goes to $folder/NAME.out, stderr to $folder/NAME.log.
# A session of its own: Ctrl-C must reach this script only, which stops the programs in order.
start_as() {
  local name=$1 program=$2
  shift 2
  # shellcheck disable=SC2154  # bin and folder are the script's
  setsid "$bin/$program" "$@" </dev/null >"$folder/$name.out" 2>>"$folder/$name.log" &
  program_names+=("$name")
  program_pids+=($!)
}

pid_of() {
  local i
  for i in "${!program_names[@]}"; do
    if [[ ${program_names[i]} == "$1" ]]; then echo "${program_pids[i]}"; fi
  done
}

must_run() {
  is_running "$(pid_of "$1")" && return
  tail -n 15 "$folder/$1.out" "$folder/$1.log" >&2
  die "$1 ended"
}

# First line of the program's stdout, as soon as it is there: the simulators print their address.
first_line() {
  local line='' tries=300
  until [[ $line ]]; do
    must_run "$1"
    ((tries-- > 0)) || die "$1 did not say its address"
    IFS= read -r line <"$folder/$1.out" || line=''
    [[ $line ]] || sleep 0.05
  done
  printf '%s\n' "$line"
}

# Status line of GET /ready; empty when nobody answers.
ready_status() {
  local status=''
  # A minimal system has neither curl nor wget; the shell itself can speak this much HTTP.
  { exec {http}<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 0
  printf 'GET /ready HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&"$http"
  IFS= read -r -t 5 status <&"$http" || true
  exec {http}>&-
  printf '%s\n' "$status"
}

# wait_until_ready NAME PORT: its /ready answers 200.
wait_until_ready() {
  local tries=600
  until [[ $(ready_status "$2") == *' 200 '* ]]; do
    must_run "$1"
    ((tries-- > 0)) || die "$1 did not become ready within a minute; its log: $folder/$1.log"
    sleep 0.1
  done
}

# Returns when one of the programs has ended by itself.
wait_for_programs() {
  local i
  wait -n "${program_pids[@]}" || true
  for i in "${!program_pids[@]}"; do must_run "${program_names[i]}"; done
}

stop_programs() {
  local i
  for ((i = ${#program_pids[@]} - 1; i >= 0; i--)); do
    end_process "${program_pids[i]}" "${program_names[i]}" 20 || true
  done
  program_names=() program_pids=()
}
