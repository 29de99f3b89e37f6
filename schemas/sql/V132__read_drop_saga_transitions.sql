SET LOCAL ROLE ordersaga_owner;

-- A saga's timeline is read from its stream in the log. This second copy had no reader and was the dearest of all read models.
DROP TABLE read.saga_transitions;
