SET LOCAL ROLE ordersaga_owner;

-- The window in which a command is found again, and so taken: older ones are refused, because they may have been decided and
-- forgotten. A window that is made longer does not bring back what was dropped: inbox_floor is the end of that.
ALTER TABLE log.installation
  DROP CONSTRAINT installation_inbox_days_check,
  ADD CONSTRAINT installation_inbox_days_check CHECK (inbox_days BETWEEN 15 AND 30),
  ADD COLUMN inbox_floor timestamptz NOT NULL DEFAULT 'epoch';

-- Drops the inbox' partitions that end before `before`, and remembers where what is left begins. Gives the number dropped.
CREATE OR REPLACE FUNCTION log.drop_inbox(before timestamptz) RETURNS integer
LANGUAGE plpgsql SET search_path = '' SET timezone = 'UTC' AS $$
DECLARE
  old record;
  dropped integer := 0;
BEGIN
  FOR old IN
    SELECT p.name, p.ends FROM (
      SELECT c.relname AS name, log.half_month(to_timestamp(c.relname, '"inbox_"YYYY_MM_DD') + interval '17 days') AS ends
      FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'log.inbox'::regclass) AS p
    WHERE p.ends <= before ORDER BY p.ends
  LOOP
    EXECUTE format('DROP TABLE log.%I', old.name);
    UPDATE log.installation SET inbox_floor = greatest(inbox_floor, old.ends);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END
$$;

-- log.maintain() as if it were that time.
CREATE FUNCTION log.maintain_at(now_at timestamptz) RETURNS integer
LANGUAGE plpgsql SET search_path = '' SET lock_timeout = '300ms' AS $$
DECLARE
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

CREATE OR REPLACE FUNCTION log.maintain() RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$ SELECT log.maintain_at(clock_timestamp()) $$;

-- Sets the window, and drops what is out of it. Gives the number of partitions dropped.
CREATE FUNCTION log.set_inbox_days(days integer) RETURNS integer
LANGUAGE plpgsql SET search_path = '' SET lock_timeout = '5s' AS $$
BEGIN
  UPDATE log.installation SET inbox_days = days;
  RETURN log.drop_inbox(clock_timestamp() - make_interval(days => days));
END
$$;
REVOKE EXECUTE ON FUNCTION log.maintain_at, log.set_inbox_days FROM PUBLIC;
