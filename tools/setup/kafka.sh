# shellcheck shell=bash
# A private single-node Kafka (KRaft) in DIR/kafka, run from Kafka's own jars. Sourced after say.sh and process.sh.

kafka_jars=${ORDERSAGA_KAFKA_LIBS:-$ROOT/.cache/kafka}
java_options=(-XX:+UseSerialGC -XX:-UsePerfData -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$kafka_jars/*")

# Fetches the jars once. Fetched beside the place and moved there whole, so that a broken download leaves nothing behind.
fetch_kafka() {
  local version fresh
  version=$(sed -n 's|.*<kafka.version>\(.*\)</kafka.version>.*|\1|p' "$ROOT/tools/kafka/pom.xml")
  [[ -e $kafka_jars/kafka_2.13-$version.jar ]] && return
  mkdir -p "$(dirname "$kafka_jars")"
  exec {lock}>"$kafka_jars.lock"
  flock "$lock"
  if [[ ! -e $kafka_jars/kafka_2.13-$version.jar ]]; then
    say "fetching Kafka $version by Maven into $kafka_jars"
    fresh=$(mktemp -d "$kafka_jars.XXXXXX")
    if ! mvn -B -q -f "$ROOT/tools/kafka/pom.xml" \
      org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies "-DoutputDirectory=$fresh" >"$kafka_jars.log" 2>&1; then
      tail -n 15 "$kafka_jars.log" >&2
      rm -rf -- "$fresh"
      die "Maven could not fetch Kafka's jars; is the network there? (the first set-up needs it, later ones do not)"
    fi
    rm -rf -- "$kafka_jars"
    mv -- "$fresh" "$kafka_jars"
  fi
  exec {lock}>&-
}

kafka_brokers() { sed -n 's|^advertised.listeners=BROKER://||p' "$1/kafka/server.properties"; }

write_kafka_properties() {
  local home=$1 broker controller
  broker=$(free_port)
  controller=$(free_port)
  cat >"$home/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
inter.broker.listener.name=BROKER
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
listeners=BROKER://127.0.0.1:$broker,CONTROLLER://127.0.0.1:$controller
advertised.listeners=BROKER://127.0.0.1:$broker
log.dirs=$home/data
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
PROPERTIES
}

# A random cluster id in Kafka's own form: 16 bytes, base64 (kafka.tools.StorageTool random-uuid costs a second).
cluster_id() { head -c 16 /dev/urandom | base64 | tr '+/' 'xy' | tr -d '='; }

# Waits until the broker answers with metadata. 1: its process ended (a port was taken). 2: no answer in time.
wait_for_kafka() {
  local dir=$1 pid=$2 brokers tries=600
  brokers=$(kafka_brokers "$dir")
  until kcat -L -m 1 -b "$brokers" 2>/dev/null | grep -q " at $brokers"; do
    is_running "$pid" || return 1
    ((tries-- > 0)) || return 2
    sleep 0.1
  done
}

# start_kafka DIR HEAP: formats the storage when it is new; returns when the broker answers.
start_kafka() {
  local dir=$1 heap=$2 home=$1/kafka log=$1/kafka.log attempt pid failure
  mkdir -p "$home"
  for attempt in 1 2 3 4 5; do
    write_kafka_properties "$home"
    if [[ ! -e $home/data/meta.properties ]]; then
      java -Xmx64m "${java_options[@]}" kafka.tools.StorageTool format -t "$(cluster_id)" -c "$home/server.properties" \
        >"$dir/kafka-format.log" 2>&1 || {
        tail -n 20 "$dir/kafka-format.log" >&2
        die "Kafka's storage could not be formatted"
      }
    fi
    # A session of its own: Ctrl-C at the terminal must not reach it before the programs that use it have stopped.
    setsid java "-Xmx$heap" "${java_options[@]}" kafka.Kafka "$home/server.properties" </dev/null >"$log" 2>&1 &
    pid=$!
    echo "$pid" >"$home/pid"
    failure=0
    wait_for_kafka "$dir" "$pid" || failure=$?
    ((failure == 0)) && return
    stop_kafka "$dir"
    if ((failure == 2)) || ! grep -q 'Address already in use' "$log"; then break; fi
    say "a port was taken by somebody else (try $attempt): trying others"
  done
  tail -n 20 "$log" >&2
  die "Kafka did not start; its log: $log"
}

# Returns when the broker has ended: only then may its folder be removed or used again. Harmless when there is none.
stop_kafka() {
  local home=$1/kafka pid
  [[ -e $home/pid ]] || return 0
  pid=$(<"$home/pid")
  if is_ours "$pid" "$home/server.properties"; then
    end_process "$pid" Kafka 60 || true
  fi
  rm -f -- "$home/pid"
}
