SET LOCAL ROLE ordersaga_owner;

-- Which orchestrator works on a shard, so that the next one knows whether it ended well. It decides nothing: the shard's lock
-- alone guards the log. Written when a shard is taken and given back, never by a turn.
CREATE TABLE log.custody (
  shard         smallint    PRIMARY KEY,
  -- How many owners in a row did not give the shard back.
  unclean_exits integer     NOT NULL DEFAULT 0,
  taken_at      timestamptz NOT NULL,
  -- Null: given back.
  owner         text
) WITH (fillfactor = 50);

-- After an unclean exit: the one input that a turn is about to decide, written before. What is still here after another
-- unclean exit may have been what ended the process.
CREATE TABLE log.attempts (
  shard    smallint    NOT NULL,
  attempts integer     NOT NULL,
  noted_at timestamptz NOT NULL,
  input    text        COLLATE "C" NOT NULL,
  PRIMARY KEY (shard, input)
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, UPDATE ON log.custody TO ordersaga_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON log.attempts TO ordersaga_writer;
GRANT SELECT ON log.custody, log.attempts TO ordersaga_operator;
