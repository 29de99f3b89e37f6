-- The log and what is written in its transactions. Everything in it belongs to ordersaga_owner.
CREATE SCHEMA log AUTHORIZATION ordersaga_owner;
GRANT USAGE ON SCHEMA log TO ordersaga_writer, ordersaga_relay, ordersaga_projector, ordersaga_operator;

-- What operations need beside the log: the history of these migrations, which every program compares with its own.
CREATE SCHEMA IF NOT EXISTS ops;
GRANT USAGE ON SCHEMA ops TO ordersaga_writer, ordersaga_relay, ordersaga_projector, ordersaga_operator;
DO $$
BEGIN
  IF to_regclass('ops.schema_history') IS NOT NULL THEN
    GRANT SELECT ON ops.schema_history TO ordersaga_writer, ordersaga_relay, ordersaga_projector, ordersaga_operator;
  END IF;
END
$$;
