SET LOCAL ROLE ordersaga_owner;

-- The log: insert-only. Two levels of partitions: LIST (shard), and RANGE (position) below it, so that old leaves of a shard
-- can be detached. Every leaf has UNIQUE (stream, version) beside the primary key (log.create_leaf()); across leaves the
-- lock of the shard guards it. The fixed columns come first and by size: no padding.
CREATE TABLE log.events (
  -- Dense in the shard from 1, in commit order.
  position    bigint      NOT NULL,
  -- The time of the turn; never falls in a shard.
  recorded_at timestamptz NOT NULL,
  -- Dense in the stream from 1; null, as the stream, in records that belong to none.
  version     integer,
  shard       smallint    NOT NULL,
  -- log.event_types
  type        smallint    NOT NULL,
  stream      text        COLLATE "C",
  -- Protobuf; metadata is an ordersaga.log.v1.RecordMetadata.
  payload     bytea       NOT NULL,
  metadata    bytea       NOT NULL,
  -- The shard is the same throughout a leaf. Were it the first column, the planner would take this index for a look-up by
  -- shard and stream in a leaf that was empty when it planned.
  PRIMARY KEY (position, shard),
  CONSTRAINT events_version_with_stream CHECK ((stream IS NULL) = (version IS NULL))
) PARTITION BY LIST (shard);

GRANT SELECT, INSERT ON log.events TO ordersaga_writer;
GRANT SELECT ON log.events TO ordersaga_relay, ordersaga_projector, ordersaga_operator;
