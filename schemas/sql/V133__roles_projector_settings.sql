-- The projector does not wait for its commits to reach the disk. Rows and checkpoint are of one transaction, so a crash of the
-- server takes back both or none; the checkpoint then lies behind the offsets that Kafka has, and the log fills the gap.
--
-- Its statements look rows up by their keys, in tables of every size: no statistics of a young table may turn that into a scan.
--
-- Several databases of one cluster may be migrated at once: what is as wanted is left alone, and a clash is tried again.
DO $$
DECLARE
  wanted text[];
  tries integer := 0;
BEGIN
  FOREACH wanted SLICE 1 IN ARRAY ARRAY[
    ['synchronous_commit', 'off'], ['plan_cache_mode', 'force_generic_plan'], ['enable_seqscan', 'off'], ['enable_hashjoin', 'off'],
    ['enable_mergejoin', 'off']]
  LOOP
    LOOP
      BEGIN
        IF NOT EXISTS (
          SELECT FROM pg_db_role_setting d JOIN pg_roles r ON r.oid = d.setrole
          WHERE r.rolname = 'ordersaga_projector' AND d.setdatabase = 0 AND wanted[1] || '=' || wanted[2] = ANY (d.setconfig)
        ) THEN
          EXECUTE format('ALTER ROLE ordersaga_projector SET %I = %L', wanted[1], wanted[2]);
        END IF;
        EXIT;
      EXCEPTION
        -- internal_error: "tuple concurrently updated"
        WHEN unique_violation OR internal_error THEN
          tries := tries + 1;
          IF tries > 200 THEN RAISE; END IF;
          PERFORM pg_sleep(0.01 * random());
      END;
    END LOOP;
  END LOOP;
END
$$;
