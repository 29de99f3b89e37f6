SET LOCAL ROLE ordersaga_owner;

-- The leaves of log.events, log.events_<shard>_<leaf>: positions from first_position to before end_position.
CREATE TABLE log.event_leaves (
  shard          smallint NOT NULL,
  leaf           integer  NOT NULL,
  first_position bigint   NOT NULL,
  end_position   bigint   NOT NULL CHECK (end_position > first_position),
  PRIMARY KEY (shard, leaf)
);

GRANT SELECT ON log.event_leaves TO ordersaga_writer, ordersaga_operator;
