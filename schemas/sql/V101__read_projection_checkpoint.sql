SET LOCAL ROLE ordersaga_owner;

-- How far a projection has applied a shard of the log. Moves in the transaction that writes the projection's rows.
CREATE TABLE read.projection_checkpoint (
  projection text COLLATE "C" NOT NULL,
  shard      smallint    NOT NULL,
  epoch      integer     NOT NULL,
  position   bigint      NOT NULL CHECK (position >= 0),
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (projection, shard)
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, UPDATE ON read.projection_checkpoint TO ordersaga_projector;
GRANT SELECT ON read.projection_checkpoint TO ordersaga_operator;
