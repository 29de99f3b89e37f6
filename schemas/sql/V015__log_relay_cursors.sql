SET LOCAL ROLE ordersaga_owner;

-- How far the relay has published a shard: everything up to `position` is confirmed on all its topics, and stands at
-- `kafka_offset` in that cluster. Never goes back within an epoch.
CREATE TABLE log.relay_cursors (
  shard        smallint    PRIMARY KEY,
  epoch        integer     NOT NULL,
  position     bigint      NOT NULL CHECK (position >= 0),
  kafka_offset bigint      NOT NULL,
  cluster_id   text        NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, UPDATE ON log.relay_cursors TO ordersaga_relay;
GRANT SELECT ON log.relay_cursors TO ordersaga_writer, ordersaga_operator;
