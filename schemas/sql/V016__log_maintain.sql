SET LOCAL ROLE ordersaga_owner;

-- What the log's tables need from time to time; every writer calls it about once a minute. Makes leaves and inbox partitions
-- ahead of their need, and drops inbox partitions that are out of their time. One caller works, others go on at once; a
-- table in use is left for the next time. Gives the number of tables made or dropped.
CREATE FUNCTION log.maintain() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '300ms' AS $$
DECLARE
  now_at timestamptz := clock_timestamp();
  changed integer := 0;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7001, -1) THEN RETURN 0; END IF;
  changed := log.ensure_leaves() + log.ensure_inbox(now_at, now_at + interval '45 days');
  BEGIN
    changed := changed + (SELECT log.drop_inbox(now_at - make_interval(days => i.inbox_days)) FROM log.installation i);
  EXCEPTION WHEN lock_not_available THEN
    RAISE LOG 'log.maintain: an old inbox partition is in use, it is dropped the next time';
  END;
  RETURN changed;
END
$$;
REVOKE EXECUTE ON FUNCTION log.maintain FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.maintain TO ordersaga_writer;
