SET LOCAL ROLE ordersaga_owner;

-- A saga is found by its order, so its row needs no second index for that; its stream's name follows from the key. The projector
-- makes the rows again from the log.
DROP TABLE read.saga_status;
DELETE FROM read.projection_checkpoint WHERE projection = 'saga_status';
DELETE FROM read.parked_messages WHERE projection = 'saga_status';

-- A saga as it stands: one row. Its stream is saga-<type>-<order id>.
CREATE TABLE read.saga_status (
  order_id           text COLLATE "C" NOT NULL,
  type               text COLLATE "C" NOT NULL,
  shard              smallint    NOT NULL,
  started_at         timestamptz NOT NULL,
  correlation_id     text        NOT NULL,
  traceparent        text        NOT NULL,
  -- From here on they change. `version` is its stream's.
  version            bigint      NOT NULL,
  definition_version bigint      NOT NULL,
  step_index         bigint      NOT NULL,
  -- Of the current step or compensation, from 1.
  attempts           bigint      NOT NULL,
  pivot_passed       boolean     NOT NULL,
  updated_at         timestamptz NOT NULL,
  ended_at           timestamptz,
  next_wakeup_at     timestamptz,
  position           bigint      NOT NULL,
  -- RUNNING, COMPENSATING, COMPLETED, FAILED (all undone), COMPENSATION_FAILED and PARKED (an operator must act)
  state              text        NOT NULL,
  current_step       text        NOT NULL,
  -- The last trouble; cleared when the step succeeds after all.
  code               text        NOT NULL,
  message            text        NOT NULL,
  -- Whether it waits for an operator. Of its own so that the index below does not see the states of a saga without trouble:
  -- their changes stay within their page.
  stuck              boolean     NOT NULL GENERATED ALWAYS AS (state IN ('PARKED', 'COMPENSATION_FAILED')) STORED,
  PRIMARY KEY (order_id, type)
) WITH (fillfactor = 60);

CREATE INDEX saga_status_by_time ON read.saga_status (started_at);
CREATE INDEX saga_status_stuck ON read.saga_status (started_at) WHERE stuck;

GRANT SELECT, INSERT, UPDATE ON read.saga_status TO ordersaga_projector;
GRANT SELECT ON read.saga_status TO ordersaga_operator;
