# shellcheck shell=bash
# The faults of a storm. Each has a function fault_<kind>, which makes it happen now; what must be undone later (thaw, start
# again) is put off with `later`. A fault that has happened says so with `fired KIND`. Sourced after system.sh and recovery.sh.
#
# shellcheck disable=SC2154,SC2034  # given by and to system.sh and the script
kafka_jars=${ORDERSAGA_KAFKA_LIBS:-$ROOT/.cache/kafka}
# shellcheck source=tools/setup/postgres.sh
source "$setup/postgres.sh"
# shellcheck source=tools/setup/kafka.sh
source "$setup/kafka.sh"

kinds=(role_killed role_frozen postgres_restarted backend_terminated broker_killed broker_away broker_wiped gateway_killed
  carrier_killed member_joined)
declare -A fired_count=()
pending=() # "SECOND COMMAND": what is undone when
kafka_is_up=1
members=0
# Longer than the 10 s after which a group counts a silent member as gone.
freeze_seconds=13

fired() { fired_count[$1]=$((${fired_count[$1]:-0} + 1)); }
later() { pending+=("$((SECONDS + $1)) ${*:2}"); }

# Does what is due by the given second.
undo_due() {
  local all=("${pending[@]}") entry
  pending=()
  for entry in "${all[@]}"; do
    if ((${entry%% *} <= $1)); then ${entry#* }; else pending+=("$entry"); fi
  done
}

# A name of one of our processes that runs and moves; empty when there is none.
random_process() {
  local names=() name
  for name in "${processes[@]}"; do
    if [[ ! ${busy[$name]:-} ]]; then names+=("$name"); fi
  done
  ((${#names[@]})) || return 0
  chosen=${names[RANDOM % ${#names[@]}]}
}
declare -A busy=() # by name: something is being done to it
chosen=''

start_again() {
  start_process "$1"
  unset "busy[$1]"
}
fault_role_killed() {
  chosen=''
  random_process
  [[ $chosen ]] || return 0
  busy[$chosen]=1
  kill_process "$chosen"
  fired role_killed
  say "  $chosen killed"
  later $((RANDOM % 4)) start_again "$chosen"
}

thaw() {
  kill -CONT "${pid[$1]}"
  unset "busy[$1]"
  fired role_frozen
  say "  $1 wakes up"
}
fault_role_frozen() {
  chosen=''
  random_process
  [[ $chosen ]] || return 0
  busy[$chosen]=1
  kill -STOP "${pid[$chosen]}"
  say "  $chosen stands still"
  later $((freeze_seconds + RANDOM % 5)) thaw "$chosen"
}

fault_postgres_restarted() {
  gone postgres_restarted
  as_postgres "$postgres_bin/pg_ctl" restart -D "$folder/postgres" -l "$folder/postgres.log" -m immediate -s -w -t 60 >&2 || die "Postgres did not come back"
  back postgres_restarted
  fired postgres_restarted
  say "  Postgres restarted without a shutdown"
}

fault_backend_terminated() {
  local user
  user=$(psql -q -X -A -t -d "$ORDERSAGA_TEST_DATABASE" -c "SELECT usename FROM (SELECT pid, usename FROM pg_stat_activity
    WHERE usename LIKE 'ordersaga%' AND datname = 'ordersaga' ORDER BY md5(pid::text || '$RANDOM') LIMIT 1) one
    WHERE pg_terminate_backend(pid)") || return 0
  [[ $user ]] || return 0
  fired backend_terminated
  say "  a session of $user terminated"
}

# Kafka's process, on the ports that it had.
start_broker() {
  local heap=${ORDERSAGA_KAFKA_HEAP:-512m} broker
  setsid java "-Xmx$heap" "${java_options[@]}" kafka.Kafka "$folder/kafka/server.properties" </dev/null >>"$folder/kafka.log" 2>&1 &
  broker=$!
  echo "$broker" >"$folder/kafka/pid"
  wait_for_kafka "$folder" "$broker" || die "Kafka did not come back; its log: $folder/kafka.log"
  kafka_is_up=1
}
kill_broker() {
  local broker
  broker=$(<"$folder/kafka/pid")
  kafka_is_up=0
  kill -KILL "$broker"
  wait "$broker" 2>/dev/null || true # the script's own child since its first restart
  while is_running "$broker"; do sleep 0.1; done
}
await_broker() { until ((kafka_is_up)); do pass 1; done; }
fault_broker_killed() {
  await_broker
  gone broker_killed
  kill_broker
  start_broker
  back broker_killed
  fired broker_killed
  say "  Kafka killed and started"
}
broker_back() {
  start_broker
  back broker_away
  fired broker_away
  say "  Kafka is back"
}
fault_broker_away() {
  await_broker
  gone broker_away
  kill_broker
  say "  Kafka is away"
  later 30 broker_back
}
# All of it is gone: topics, records, groups and their offsets. Whoever owns the topics makes them again.
fault_broker_wiped() {
  await_broker
  gone broker_wiped
  kill_broker
  rm -rf -- "$folder/kafka/data"
  java -Xmx64m "${java_options[@]}" kafka.tools.StorageTool format -t "$(cluster_id)" -c "$folder/kafka/server.properties" \
    >"$folder/kafka-format.log" 2>&1
  start_broker
  make_topics
  back broker_wiped
  fired broker_wiped
  say "  Kafka lost all its data"
}

fault_gateway_killed() {
  gone gateway_killed
  kill_process payment_gateway_simulator
  sleep 1
  start_simulator payment_gateway_simulator
  await_simulator payment_gateway_simulator
  back gateway_killed
  fired gateway_killed
  say "  payment gateway killed and started"
}
fault_carrier_killed() {
  gone carrier_killed
  kill_process carrier_simulator
  sleep 1
  start_simulator carrier_simulator
  await_simulator carrier_simulator
  back carrier_killed
  fired carrier_killed
  say "  carrier killed and started"
}

# A third process of a role comes, works for a while and leaves in good order.
member_leaves() {
  end_process "${pid[$1]}" "$1" 20 || die "$1 did not leave within 20 s of SIGTERM"
  unset "pid[$1]" "busy[$1]"
  fired member_joined
  say "  $1 left"
}
fault_member_joined() {
  local roles=(orchestrator relay projector) name
  name=${roles[RANDOM % 3]}.guest$((++members))
  start_process "$name"
  say "  $name joins"
  later $((10 + RANDOM % 10)) member_leaves "$name"
}
