# shellcheck shell=bash
# The whole system for a chaos run: private servers, simulators that keep their ledgers in files, and processes of the daemon,
# each known by a name "ROLE.INSTANCE". Sourced by a script that has defined bin (our programs) and end_load (stops what
# makes the orders).
#
# shellcheck disable=SC2154  # bin is the script's
setup=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../tools/setup" && pwd)
# shellcheck source=tools/setup/say.sh
source "$setup/say.sh"
# shellcheck source=tools/setup/process.sh
source "$setup/process.sh"
# shellcheck source=tools/setup/programs.sh
source "$setup/programs.sh"

declare -A pid=()  # by name: processes of the daemon, and simulators
declare -A port=() # by name

# Everything that this run starts lives in here.
folder=$(mktemp -d "${TMPDIR:-/tmp}/ordersaga-chaos.XXXXXX")
chmod 711 "$folder" # the user postgres passes through
# By this all processes of the run are known.
export ORDERSAGA_CHAOS_FOLDER=$folder

# Ends whatever of this run still lives, such as what was started in the moment in which the run was told to end, and returns
# 1 when there was something.
end_leftovers() {
  local entry code=0
  for entry in /proc/[0-9]*; do
    grep -qzxF "ORDERSAGA_CHAOS_FOLDER=$folder" "$entry/environ" 2>/dev/null || continue
    is_running "${entry#/proc/}" || continue
    say "still there: $(tr '\0' ' ' <"$entry/cmdline" | cut -c1-200)"
    kill -KILL "${entry#/proc/}" 2>/dev/null || true
    code=1
  done
  return "$code"
}

# For EXIT: ends everything, also what stands still; keeps the logs of a run that failed.
clean_up() {
  local code=$? name
  trap '' INT TERM
  end_load
  for name in "${!pid[@]}"; do
    kill -CONT "${pid[$name]}" 2>/dev/null || true
    end_process "${pid[$name]}" "$name" 20 || true
  done
  stop_programs
  "$setup/servers" stop "$folder" || code=1
  end_leftovers || ((code)) || code=1
  if ((code == 0)) && [[ ! ${keep_folder:-} ]]; then rm -rf -- "$folder"; else say "logs are kept in $folder"; fi
  exit "$code"
}

# start_simulator NAME: with the port that it had before, if any, and the ledger that it keeps.
start_simulator() {
  local arguments=(--ledger "$folder/$1.ledger")
  [[ $1 != carrier_simulator ]] || arguments+=(--advance-ms 200)
  [[ ${port[$1]:-} ]] || port[$1]=$(free_port)
  setsid "$bin/$1" --port "${port[$1]}" "${arguments[@]}" </dev/null >>"$folder/$1.log" 2>&1 &
  pid[$1]=$!
}

# Whether it takes connections within ten seconds.
await_simulator() {
  local tries=100
  until (exec 3<>"/dev/tcp/127.0.0.1/${port[$1]}") 2>/dev/null; do
    is_running "${pid[$1]}" || die "$1 ended; its log: $folder/$1.log"
    ((tries-- > 0)) || die "$1 did not come up within 10 s; its log: $folder/$1.log"
    sleep 0.1
  done
}

# start_process ROLE.INSTANCE: the name of the instance makes it the same member of its group again.
start_process() {
  port[$1]=$(free_port)
  setsid "$bin/ordersagad" --role "${1%.*}" --instance "${1#*.}" --wait --http-port "${port[$1]}" </dev/null >>"$folder/$1.log" 2>&1 &
  pid[$1]=$!
}

kill_process() {
  kill -KILL "${pid[$1]}"
  wait "${pid[$1]}" 2>/dev/null || true # SIGKILL is what was asked for
}

# Whether /ready answers 200 within a minute.
await_process() {
  local tries=600
  until [[ $(ready_status "${port[$1]}") == *' 200 '* ]]; do
    is_running "${pid[$1]}" || die "$1 ended; its log: $folder/$1.log"
    ((tries-- > 0)) || die "$1 did not become ready within a minute; its log: $folder/$1.log"
    sleep 0.1
  done
}

# start_system NAME…: servers, schema, topics, simulators, and these processes.
start_system() {
  local name owner
  say "starting servers in $folder"
  eval "$("$setup/servers" start "$folder" postgres kafka)"
  psql -q -X -d "$ORDERSAGA_TEST_DATABASE" -c 'CREATE DATABASE ordersaga'
  owner=${ORDERSAGA_TEST_DATABASE/dbname=postgres/dbname=ordersaga}
  export ORDERSAGA_DATABASE=${owner/ user=postgres/} ORDERSAGA_BROKERS=$ORDERSAGA_TEST_BROKERS
  ORDERSAGA_DATABASE=$owner "$bin/sagactl" -q -o none db migrate
  "$bin/sagactl" -q -o none topic create
  start_simulator payment_gateway_simulator
  start_simulator carrier_simulator
  await_simulator payment_gateway_simulator
  await_simulator carrier_simulator
  export ORDERSAGA_GATEWAY_URL=http://127.0.0.1:${port[payment_gateway_simulator]}
  export ORDERSAGA_CARRIER_URL=http://127.0.0.1:${port[carrier_simulator]}
  start_program warehouse_simulator --instance one
  for name in "$@"; do start_process "$name"; done
  for name in "$@"; do await_process "$name"; done
}
