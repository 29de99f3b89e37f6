SET LOCAL ROLE ordersaga_owner;

-- The start of the half-month (UTC) that a time is in: the 1st or the 16th.
CREATE FUNCTION log.half_month(at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = '' SET timezone = 'UTC' AS $$
  SELECT date_trunc('month', at) + CASE WHEN extract(day FROM at) >= 16 THEN interval '15 days' ELSE interval '0' END
$$;

-- Makes the inbox' partitions from the half-month of `since` to the one of `until`. Gives the number made.
CREATE FUNCTION log.ensure_inbox(since timestamptz, until timestamptz) RETURNS integer
LANGUAGE plpgsql SET search_path = '' SET timezone = 'UTC' AS $$
DECLARE
  start_at timestamptz := log.half_month(since);
  end_at timestamptz;
  partition_name text;
  made integer := 0;
BEGIN
  WHILE start_at <= until LOOP
    end_at := log.half_month(start_at + interval '17 days');
    partition_name := 'inbox_' || to_char(start_at, 'YYYY_MM_DD');
    IF to_regclass(format('log.%I', partition_name)) IS NULL THEN
      EXECUTE format('CREATE TABLE log.%I (LIKE log.inbox INCLUDING ALL, PRIMARY KEY (shard, key, message_id))', partition_name);
      EXECUTE format('ALTER TABLE log.inbox ATTACH PARTITION log.%I FOR VALUES FROM (%L) TO (%L)', partition_name, start_at, end_at);
      made := made + 1;
    END IF;
    start_at := end_at;
  END LOOP;
  RETURN made;
END
$$;

-- Drops the inbox' partitions that end before `before`. Gives the number dropped.
CREATE FUNCTION log.drop_inbox(before timestamptz) RETURNS integer
LANGUAGE plpgsql SET search_path = '' SET timezone = 'UTC' AS $$
DECLARE
  old text;
  dropped integer := 0;
BEGIN
  FOR old IN
    SELECT c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'log.inbox'::regclass
      AND log.half_month(to_timestamp(c.relname, '"inbox_"YYYY_MM_DD') + interval '17 days') <= before
    ORDER BY 1
  LOOP
    EXECUTE format('DROP TABLE log.%I', old);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END
$$;
REVOKE EXECUTE ON FUNCTION log.half_month, log.ensure_inbox, log.drop_inbox FROM PUBLIC;
