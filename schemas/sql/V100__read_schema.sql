SET LOCAL ROLE ordersaga_owner;

-- Read models: what the projector folds out of the log, for operators, analysts and the API. Nothing in here is the truth;
-- all of it can be rebuilt from the log. Every table names the shard whose records made the row, so that a shard can be
-- checked and rebuilt by itself.
CREATE SCHEMA read;

GRANT USAGE ON SCHEMA read TO ordersaga_projector, ordersaga_operator;
