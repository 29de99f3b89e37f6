SET LOCAL ROLE ordersaga_owner;

-- The audit: what operators had done with parked records, who, why, and what came of it.
CREATE TABLE read.projection_requests_done (
  shard        smallint    NOT NULL,
  id           bigint      NOT NULL,
  projection   text        NOT NULL,
  key          text        NOT NULL,
  action       text        NOT NULL,
  reason       text        NOT NULL,
  actor        text        NOT NULL,
  requested_at timestamptz NOT NULL,
  done_at      timestamptz NOT NULL,
  -- Records applied, dropped, and still parked.
  applied      bigint      NOT NULL,
  discarded    bigint      NOT NULL,
  remaining    bigint      NOT NULL,
  -- Why the first of those that remain could not be applied; empty when none does.
  trouble      text        NOT NULL,
  PRIMARY KEY (shard, id)
);

GRANT SELECT, INSERT ON read.projection_requests_done TO ordersaga_projector;
GRANT SELECT ON read.projection_requests_done TO ordersaga_operator;
