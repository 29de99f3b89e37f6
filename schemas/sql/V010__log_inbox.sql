SET LOCAL ROLE ordersaga_owner;

-- Commands that were decided, so that none is decided twice. Partitioned by half-months of the time of the turn, each
-- dropped whole. There is no default partition: a row without one is an error that says so. Every partition has the
-- primary key (shard, key, message_id); across partitions the lock of the shard guards it.
CREATE TABLE log.inbox (
  recorded_at timestamptz NOT NULL,
  -- Of the command's input record in log.events.
  position    bigint      NOT NULL,
  shard       smallint    NOT NULL,
  key         text        COLLATE "C" NOT NULL,
  message_id  text        COLLATE "C" NOT NULL,
  -- "<topic>/<partition>/<offset>" it was decided from.
  source      text        NOT NULL,
  -- Of the raw bytes: the same id with other bytes is another command, and refused.
  hash        bytea       NOT NULL
) PARTITION BY RANGE (recorded_at);

GRANT SELECT, INSERT ON log.inbox TO ordersaga_writer;
GRANT SELECT ON log.inbox TO ordersaga_operator;
