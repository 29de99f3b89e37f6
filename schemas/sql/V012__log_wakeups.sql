SET LOCAL ROLE ordersaga_owner;

-- When a saga must look again by itself: one row for each that is alive.
CREATE TABLE log.wakeups (
  due_at             timestamptz NOT NULL,
  shard              smallint    NOT NULL,
  -- It waits for a call to the outside, which who takes the shard over sends again.
  effect_outstanding boolean     NOT NULL,
  -- Its stream.
  saga               text        COLLATE "C" NOT NULL,
  PRIMARY KEY (shard, saga)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX wakeups_due ON log.wakeups (shard, due_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON log.wakeups TO ordersaga_writer;
GRANT SELECT ON log.wakeups TO ordersaga_operator;
