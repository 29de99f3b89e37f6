SET LOCAL ROLE ordersaga_owner;

-- Records that a projection could not apply, and the later ones of the same key, which wait behind them. The bytes are in
-- the log, at (shard, position).
CREATE TABLE read.parked_messages (
  projection text COLLATE "C" NOT NULL,
  shard      smallint    NOT NULL,
  position   bigint      NOT NULL,
  key        text        NOT NULL,
  stream     text        NOT NULL,
  version    bigint      NOT NULL,
  type       text        NOT NULL,
  -- UNKNOWN_TYPE, UNREADABLE_PAYLOAD, BROKEN_HISTORY, REFUSED_BY_STORE; BEHIND_PARKED for those that wait
  code       text        NOT NULL,
  reason     text        NOT NULL,
  parked_at  timestamptz NOT NULL,
  PRIMARY KEY (projection, shard, position)
);

GRANT SELECT, INSERT ON read.parked_messages TO ordersaga_projector;
GRANT SELECT ON read.parked_messages TO ordersaga_operator;
