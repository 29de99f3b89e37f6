SET LOCAL ROLE ordersaga_owner;

-- What operators want done with parked records. The projector that follows the shard does it, between two batches, and moves the
-- line to read.projection_requests_done in the same transaction: nobody else changes read models, and what was asked for is
-- done even when the asker has gone.
CREATE TABLE read.projection_requests (
  shard        smallint    NOT NULL,
  id           bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  projection   text        NOT NULL,
  -- Whose records.
  key          text        NOT NULL,
  -- RETRY: apply them in order. DISCARD: drop the first, then apply the rest. DISCARD_ALL: drop all.
  action       text        NOT NULL CHECK (action IN ('RETRY', 'DISCARD', 'DISCARD_ALL')),
  reason       text        NOT NULL,
  -- Who was logged in.
  actor        text        NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (shard, id)
);

GRANT SELECT, DELETE ON read.projection_requests TO ordersaga_projector;
GRANT SELECT ON read.projection_requests TO ordersaga_operator;
GRANT DELETE ON read.parked_messages TO ordersaga_projector;
