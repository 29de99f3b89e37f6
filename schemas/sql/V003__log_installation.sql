SET LOCAL ROLE ordersaga_owner;

-- One row, written by log.create_shards().
CREATE TABLE log.installation (
  one          boolean     PRIMARY KEY DEFAULT true CHECK (one),
  -- For ever: a key's shard, and every topic's number of partitions, follow from it.
  shards       smallint    NOT NULL CHECK (shards BETWEEN 1 AND 256),
  -- Records in each leaf of log.events that is made from now on.
  leaf_size    bigint      NOT NULL CHECK (leaf_size > 0),
  -- Which life of the log this is; raised by hand after the log was taken back in time.
  epoch        integer     NOT NULL DEFAULT 1 CHECK (epoch > 0),
  -- A command is found again for at least so long.
  inbox_days   smallint    NOT NULL DEFAULT 15 CHECK (inbox_days BETWEEN 1 AND 365),
  installed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT SELECT ON log.installation TO ordersaga_writer, ordersaga_relay, ordersaga_projector, ordersaga_operator;
