# shellcheck shell=bash
# A private Postgres cluster in DIR/postgres. Sourced after say.sh and process.sh.
#
# It listens on a socket in a folder that only its owner can enter, and on nothing else: no port, no password, and no
# other user of the machine gets in. fsync and synchronous_commit stay on, as where it counts.

postgres_bin=/usr/lib/postgresql/15/bin

# Postgres refuses to run as root; Debian's package brings the user postgres, who may not enter the present folder.
as_postgres() {
  if ((EUID == 0)); then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

# The socket's path may have 107 bytes at most, and DIR may be deep: so it has a short folder of its own.
postgres_socket() { cat "$1/postgres.socket"; }

postgres_connection() { echo "host=$(postgres_socket "$1") user=postgres dbname=postgres"; }

# start_postgres DIR BUFFERS WAL: makes the cluster when it is not there yet; returns when it answers. WAL: so much of it until a
# checkpoint; half of that is kept for reuse. The images of whole pages that follow a checkpoint are compressed.
start_postgres() {
  local dir=$1 buffers=$2 wal=$3 data=$1/postgres log=$1/postgres.log socket
  mkdir -p "$data"
  if ((EUID == 0)); then
    chown postgres: "$data"
    touch "$log" && chown postgres: "$log"
    as_postgres test -x "$data" ||
      die "the user postgres, as whom Postgres runs when you are root, cannot enter $data; name another folder"
  fi
  if [[ ! -e $data/PG_VERSION ]]; then
    as_postgres "$postgres_bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 || {
      tail -n 20 "$dir/initdb.log" >&2
      die "initdb failed"
    }
  fi
  socket=$(as_postgres mktemp -d /tmp/ordersaga-pg.XXXXXX)
  echo "$socket" >"$dir/postgres.socket"
  as_postgres "$postgres_bin/pg_ctl" start -D "$data" -l "$log" -s -w -t 60 \
    -o "-c listen_addresses='' -c unix_socket_directories='$socket' -c shared_buffers=$buffers -c max_connections=200" \
    -o "-c max_wal_size=${wal}MB -c min_wal_size=$((wal / 2))MB -c wal_compression=lz4 -c log_min_messages=warning" || {
    tail -n 20 "$log" >&2
    die "Postgres did not start; its log: $log"
  }
}

# Returns when the server has ended. Harmless when there is none.
stop_postgres() {
  local data=$1/postgres
  if [[ -e $data/postmaster.pid ]]; then
    as_postgres "$postgres_bin/pg_ctl" stop -D "$data" -m fast -s -w -t 60 || say "Postgres in $data did not stop"
  fi
  if [[ -e $1/postgres.socket ]]; then
    rm -rf -- "$(postgres_socket "$1")" "$1/postgres.socket"
  fi
}
