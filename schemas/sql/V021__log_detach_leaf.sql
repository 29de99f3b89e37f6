SET LOCAL ROLE ordersaga_owner;

-- Why a leaf cannot be taken out of the log now; null when it can.
CREATE FUNCTION log.why_not_detach(of_shard smallint, of_leaf integer) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = '' AS $$
DECLARE
  it log.event_leaves;
  leaf_name text := format('events_%s_%s', of_shard, of_leaf);
  days integer := (SELECT i.inbox_days FROM log.installation i);
  last_at timestamptz;
  behind text;
BEGIN
  SELECT * INTO it FROM log.event_leaves l WHERE l.shard = of_shard AND l.leaf = of_leaf;
  IF NOT FOUND THEN RETURN format('the log has no leaf %s', leaf_name); END IF;
  IF it.detached_at IS NOT NULL THEN RETURN format('the leaf %s is detached already', leaf_name); END IF;
  IF EXISTS (SELECT FROM log.event_leaves l WHERE l.shard = of_shard AND l.leaf < of_leaf AND l.detached_at IS NULL) THEN
    RETURN format('the leaf %s is not the oldest of its shard', leaf_name);
  END IF;
  IF NOT EXISTS (SELECT FROM log.events e WHERE e.shard = of_shard AND e.position >= it.end_position) THEN
    RETURN format('the leaf %s is the newest that holds records: the log goes on from its last one', leaf_name);
  END IF;
  EXECUTE format('SELECT recorded_at FROM log.%I ORDER BY position DESC LIMIT 1', leaf_name) INTO last_at;
  IF last_at > clock_timestamp() - make_interval(days => days) THEN
    RETURN format('the leaf %s has records of less than %s days ago, whose answers repeated commands ask for', leaf_name, days);
  END IF;
  IF coalesce((SELECT log.carried_over(c.shard, c.epoch, c.position) FROM log.relay_cursors c WHERE c.shard = of_shard), 0) < it.end_position - 1 THEN
    RETURN format('the relay has not published all of the leaf %s', leaf_name);
  END IF;
  SELECT c.projection INTO behind FROM read.projection_checkpoint c
  WHERE c.shard = of_shard AND log.carried_over(c.shard, c.epoch, c.position) < it.end_position - 1 LIMIT 1;
  IF FOUND THEN RETURN format('the projection %s has not applied all of the leaf %s', behind, leaf_name); END IF;
  RETURN NULL;
END
$$;

-- Takes the oldest leaf of a shard that is still there out of the log. It stays a table, log.events_<shard>_<leaf>, which can be
-- dumped and dropped. Its place is taken by log.events_<shard>_<leaf>_kept with the streams of what is not over: of keys that
-- have records above the leaf, a saga that is alive or an input that is parked, and of stock items, which are never over.
-- A full leaf does not change any more, so what takes long is done before writers are kept out. To exchange it, nobody else may
-- read the log for an instant. Behind who waits for that, everybody else queues, whose own patience is 5 s; so it gives up before,
-- with nothing changed, when somebody reads for long.
CREATE FUNCTION log.detach_leaf(of_shard smallint, of_leaf integer) RETURNS void
LANGUAGE plpgsql SET search_path = '' SET lock_timeout = '3s' AS $$
DECLARE
  it log.event_leaves;
  leaf_name text := format('events_%s_%s', of_shard, of_leaf);
  kept_name text := leaf_name || '_kept';
  reason text;
  seen bigint;
  head bigint;
BEGIN
  PERFORM FROM log.installation i FOR UPDATE;  -- one at a time
  reason := log.why_not_detach(of_shard, of_leaf);
  IF reason IS NOT NULL THEN RAISE EXCEPTION '%', reason USING ERRCODE = 'object_not_in_prerequisite_state'; END IF;
  SELECT * INTO STRICT it FROM log.event_leaves l WHERE l.shard = of_shard AND l.leaf = of_leaf;
  CREATE TEMPORARY TABLE leaf_streams (stream text COLLATE "C", key text COLLATE "C") ON COMMIT DROP;
  EXECUTE format('INSERT INTO pg_temp.leaf_streams SELECT s.stream, log.key_of_stream(s.stream)
                  FROM (SELECT DISTINCT e.stream FROM log.%I e WHERE e.stream IS NOT NULL) AS s', leaf_name);
  CREATE INDEX ON pg_temp.leaf_streams (key);
  ANALYZE pg_temp.leaf_streams;
  CREATE TEMPORARY TABLE keys_kept (key text COLLATE "C" PRIMARY KEY, round integer) ON COMMIT DROP;
  EXECUTE format('CREATE TABLE log.%I (LIKE log.events INCLUDING ALL EXCLUDING INDEXES)', kept_name);
  EXECUTE format('ALTER TABLE log.%I ADD CONSTRAINT %I UNIQUE (stream, version)', kept_name, kept_name || '_stream_version_key');
  EXECUTE format('ALTER TABLE log.%I ADD CONSTRAINT %I PRIMARY KEY (position, shard)', kept_name, kept_name || '_pkey');
  seen := it.end_position - 1;
  FOR round IN 1 .. 2 LOOP
    IF round = 2 THEN PERFORM pg_advisory_xact_lock(7000, of_shard); END IF;  -- only what came meanwhile is left
    SELECT max(e.position) INTO head FROM log.events e WHERE e.shard = of_shard AND e.position >= it.end_position;
    INSERT INTO pg_temp.keys_kept
    SELECT s.key, round FROM pg_temp.leaf_streams s WHERE s.stream LIKE 'stock-%'
      OR s.key IN (SELECT log.key_of_stream(w.saga) FROM log.wakeups w WHERE w.shard = of_shard)
      OR s.key IN (SELECT p.key FROM log.parked_inputs p WHERE p.shard = of_shard)
      OR s.key IN (SELECT log.key_of_stream(e.stream) FROM log.events e WHERE e.shard = of_shard AND e.position > seen)
    ON CONFLICT DO NOTHING;
    EXECUTE format('INSERT INTO log.%I SELECT e.* FROM pg_temp.keys_kept k JOIN pg_temp.leaf_streams s ON s.key = k.key
                    JOIN log.%I e ON e.stream = s.stream WHERE k.round = %s', kept_name, leaf_name, round);
    seen := head;
  END LOOP;
  INSERT INTO log.archived_keys
  SELECT DISTINCT of_leaf, of_shard, s.key FROM pg_temp.leaf_streams s
  WHERE NOT EXISTS (SELECT FROM pg_temp.keys_kept k WHERE k.key = s.key);
  PERFORM log.replace_leaf(of_shard, of_leaf, leaf_name, kept_name);
  UPDATE log.event_leaves l SET detached_at = clock_timestamp(), detached_by = session_user WHERE l.shard = of_shard AND l.leaf = of_leaf;
  -- A window that is made longer must not reach to commands whose answers are gone.
  EXECUTE format('UPDATE log.installation SET detached_leaves = detached_leaves + 1, inbox_floor = greatest(inbox_floor,
                    (SELECT e.recorded_at FROM log.%I e ORDER BY e.position DESC LIMIT 1))', leaf_name);
  DROP TABLE pg_temp.leaf_streams, pg_temp.keys_kept;
END
$$;

-- Puts one table in the place of another, whose rows are those positions. Readers lock a shard's parent before its leaves, and who had
-- a leaf in its plan before it was detached locks that, too. So the parent is locked first here, or each would wait for the other.
CREATE FUNCTION log.replace_leaf(of_shard smallint, of_leaf integer, old_name text, new_name text) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  it log.event_leaves;
  parent_name text := format('events_%s', of_shard);
BEGIN
  SELECT * INTO STRICT it FROM log.event_leaves l WHERE l.shard = of_shard AND l.leaf = of_leaf;
  EXECUTE format('LOCK TABLE ONLY log.%I', parent_name);
  PERFORM log.promise_place(of_shard, of_leaf, new_name);
  EXECUTE format('ALTER TABLE log.%I DETACH PARTITION log.%I', parent_name, old_name);
  EXECUTE format('ALTER TABLE log.%I ATTACH PARTITION log.%I FOR VALUES FROM (%s) TO (%s)', parent_name, new_name, it.first_position,
                 it.end_position);
  EXECUTE format('ALTER TABLE log.%I DROP CONSTRAINT place', new_name);
END
$$;

-- What an attached partition promises, so that attaching, which keeps readers out, need not look. Done before, in a transaction of
-- its own, for a leaf that is large.
CREATE FUNCTION log.promise_place(of_shard smallint, of_leaf integer, table_name text) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  it log.event_leaves;
BEGIN
  SELECT * INTO STRICT it FROM log.event_leaves l WHERE l.shard = of_shard AND l.leaf = of_leaf;
  IF EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = to_regclass(format('log.%I', table_name)) AND c.conname = 'place') THEN
    RETURN;
  END IF;
  EXECUTE format('ALTER TABLE log.%I ADD CONSTRAINT place CHECK (shard = %s AND position >= %s AND position < %s)', table_name, of_shard,
                 it.first_position, it.end_position);
END
$$;
REVOKE EXECUTE ON FUNCTION log.why_not_detach, log.detach_leaf, log.replace_leaf, log.promise_place FROM PUBLIC;
