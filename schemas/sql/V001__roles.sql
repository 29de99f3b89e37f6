-- Roles belong to the cluster, and several databases of one cluster may be migrated at once: whatever is there already is
-- left alone, and a clash with another migration is tried again.
--
-- ordersaga_owner      owns the schemas; nobody logs in as it
-- ordersaga_writer     orchestrator: appends to the log, keeps inbox, wake-ups and stock
-- ordersaga_relay      tails the log, keeps its cursors
-- ordersaga_projector  tails the log, writes the read models
-- ordersaga_operator   reads; writes nothing but through log.submit_operator_command()
--
-- Limits and planner settings stand here and not in the programs, so that every connection has them, however it was made.
DO $$
DECLARE
  wanted record;
  tries integer := 0;
BEGIN
  FOR wanted IN
    SELECT r.name, r.login, s.setting
    FROM (VALUES ('ordersaga_owner', false), ('ordersaga_writer', true), ('ordersaga_relay', true),
                 ('ordersaga_projector', true), ('ordersaga_operator', true)) AS r (name, login)
    LEFT JOIN LATERAL (
      SELECT unnest(CASE WHEN r.name = 'ordersaga_operator'
        THEN ARRAY['lock_timeout=2s', 'statement_timeout=5min']
        ELSE ARRAY['lock_timeout=5s', 'statement_timeout=30s', 'synchronous_commit=on'] END
        || ARRAY['default_transaction_isolation=read committed', 'idle_in_transaction_session_timeout=10s',
                 -- A peer that is gone is noticed within seconds, even in the middle of a result.
                 'tcp_user_timeout=10s', 'tcp_keepalives_idle=5', 'tcp_keepalives_interval=2', 'jit=off']
        -- Statements are prepared once and look rows up by index: one plan serves all arguments, and no statistics of a
        -- young table may turn a look-up into a scan.
        || CASE WHEN r.name IN ('ordersaga_writer', 'ordersaga_relay')
           THEN ARRAY['plan_cache_mode=force_generic_plan', 'enable_seqscan=off', 'enable_hashjoin=off', 'enable_mergejoin=off']
           ELSE ARRAY[]::text[] END) AS setting
    ) AS s ON r.login
  LOOP
    LOOP
      BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
          EXECUTE format('CREATE ROLE %I %s', wanted.name, CASE WHEN wanted.login THEN 'LOGIN' ELSE 'NOLOGIN' END);
        END IF;
        IF wanted.setting IS NOT NULL AND NOT EXISTS (
          SELECT FROM pg_db_role_setting d JOIN pg_roles r ON r.oid = d.setrole
          WHERE r.rolname = wanted.name AND d.setdatabase = 0
            AND EXISTS (SELECT FROM unnest(d.setconfig) AS c
                        WHERE split_part(c, '=', 1) = lower(split_part(wanted.setting, '=', 1)))
        ) THEN
          EXECUTE format('ALTER ROLE %I SET %I = %L', wanted.name, split_part(wanted.setting, '=', 1),
                         split_part(wanted.setting, '=', 2));
        END IF;
        EXIT;
      EXCEPTION
        -- internal_error: "tuple concurrently updated"
        WHEN duplicate_object OR unique_violation OR internal_error THEN
          tries := tries + 1;
          IF tries > 200 THEN RAISE; END IF;
          PERFORM pg_sleep(0.01 * random());
      END;
    END LOOP;
  END LOOP;
  -- Who migrates must be able to act as the owner; a superuser is.
  IF NOT pg_has_role(current_user, 'ordersaga_owner', 'MEMBER') THEN
    EXECUTE format('GRANT ordersaga_owner TO %I', current_user);
  END IF;
  EXECUTE format('GRANT CREATE ON DATABASE %I TO ordersaga_owner', current_database());
END
$$;
