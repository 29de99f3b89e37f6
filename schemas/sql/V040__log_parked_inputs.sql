SET LOCAL ROLE ordersaga_owner;

-- Inputs of sagas (results of calls to the outside, wake-ups) that broke the turn that was to decide them. They wait here for
-- an operator, who has them tried again or discards them. Commands that break their turn are not here: they are recorded in
-- the log with an outcome, and go to the dead letters.
CREATE TABLE log.parked_inputs (
  id        bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  parked_at timestamptz NOT NULL,
  shard     smallint    NOT NULL,
  -- How often it has broken a turn.
  attempts  integer     NOT NULL DEFAULT 1,
  -- The order's id, and the saga's stream.
  key       text        COLLATE "C" NOT NULL,
  saga      text        COLLATE "C" NOT NULL,
  kind      text        NOT NULL CHECK (kind IN ('result', 'wakeup', 'resume')),
  code      text        NOT NULL,
  reason    text        NOT NULL,
  -- Of a result: the serialized ordersaga.saga.v1.EffectResult.
  data      bytea       NOT NULL,
  UNIQUE (shard, saga, kind)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON log.parked_inputs TO ordersaga_writer;
GRANT SELECT ON log.parked_inputs TO ordersaga_operator;
