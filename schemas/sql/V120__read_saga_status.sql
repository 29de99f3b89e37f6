SET LOCAL ROLE ordersaga_owner;

-- A saga as it stands: one row.
CREATE TABLE read.saga_status (
  -- Its stream.
  saga               text COLLATE "C" NOT NULL PRIMARY KEY,
  shard              smallint    NOT NULL,
  type               text        NOT NULL,
  definition_version bigint      NOT NULL,
  -- Of its stream.
  version            bigint      NOT NULL,
  order_id           text COLLATE "C" NOT NULL,
  -- RUNNING, COMPENSATING, COMPLETED, FAILED (all undone), COMPENSATION_FAILED and PARKED (an operator must act)
  state              text        NOT NULL,
  current_step       text        NOT NULL,
  step_index         bigint      NOT NULL,
  -- Of the current step or compensation, from 1.
  attempts           bigint      NOT NULL,
  pivot_passed       boolean     NOT NULL,
  started_at         timestamptz NOT NULL,
  updated_at         timestamptz NOT NULL,
  ended_at           timestamptz,
  next_wakeup_at     timestamptz,
  -- The last trouble; cleared when the step succeeds after all.
  code               text        NOT NULL,
  message            text        NOT NULL,
  correlation_id     text        NOT NULL,
  traceparent        text        NOT NULL,
  position           bigint      NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX saga_status_by_order ON read.saga_status (order_id);
CREATE INDEX saga_status_by_time ON read.saga_status (started_at);
-- Those that are not over: few, and what operators look for.
CREATE INDEX saga_status_open ON read.saga_status (started_at) WHERE ended_at IS NULL;

GRANT SELECT, INSERT, UPDATE ON read.saga_status TO ordersaga_projector;
GRANT SELECT ON read.saga_status TO ordersaga_operator;
