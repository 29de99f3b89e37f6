SET LOCAL ROLE ordersaga_owner;

-- All that happened in a saga, in order: its timeline.
CREATE TABLE read.saga_transitions (
  saga        text COLLATE "C" NOT NULL,
  -- Of the saga's stream; one record may hold several transitions, numbered by `ordinal` from 0.
  version     bigint      NOT NULL,
  ordinal     bigint      NOT NULL,
  shard       smallint    NOT NULL,
  kind        text        NOT NULL,
  step_index  bigint      NOT NULL,
  step_name   text        NOT NULL,
  attempt     bigint      NOT NULL,
  code        text        NOT NULL,
  message     text        NOT NULL,
  wake_at     timestamptz,
  recorded_at timestamptz NOT NULL,
  position    bigint      NOT NULL,
  PRIMARY KEY (saga, version, ordinal)
);

GRANT SELECT, INSERT ON read.saga_transitions TO ordersaga_projector;
GRANT SELECT ON read.saga_transitions TO ordersaga_operator;
