SET LOCAL ROLE ordersaga_owner;

-- Two indexes began with the shard. A plan that was made while the table was nearly empty took either of them for a saga's row, and by
-- the one by time it walked over all that waited in the shard, for each row. The expression keeps that one for its own question.
DROP INDEX log.wakeups_due;
CREATE INDEX wakeups_due ON log.wakeups ((shard::integer), due_at);
