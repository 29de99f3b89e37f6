SET LOCAL ROLE ordersaga_owner;

-- Reads through a detached leaf before it is attached; without it log.attach_leaf() would do so while it keeps readers out.
CREATE FUNCTION log.prepare_leaf(of_shard smallint, of_leaf integer) RETURNS void
LANGUAGE plpgsql SET search_path = '' SET lock_timeout = '3s' AS $$
BEGIN
  IF EXISTS (SELECT FROM log.event_leaves l WHERE l.shard = of_shard AND l.leaf = of_leaf AND l.detached_at IS NOT NULL)
     AND to_regclass(format('log.events_%s_%s', of_shard, of_leaf)) IS NOT NULL THEN
    PERFORM log.promise_place(of_shard, of_leaf, format('events_%s_%s', of_shard, of_leaf));
  END IF;
END
$$;

-- Puts the newest of a shard's detached leaves back, restored from its dump where it was dropped. What it holds is looked at:
-- all its positions, and what was kept of it, unchanged.
CREATE FUNCTION log.attach_leaf(of_shard smallint, of_leaf integer) RETURNS void
LANGUAGE plpgsql SET search_path = '' SET lock_timeout = '3s' AS $$
DECLARE
  it log.event_leaves;
  leaf_name text := format('events_%s_%s', of_shard, of_leaf);
  kept_name text := leaf_name || '_kept';
  held bigint;
  other bigint;
  refuse CONSTANT text := 'object_not_in_prerequisite_state';
BEGIN
  PERFORM FROM log.installation i FOR UPDATE;  -- one at a time
  SELECT * INTO it FROM log.event_leaves l WHERE l.shard = of_shard AND l.leaf = of_leaf AND l.detached_at IS NOT NULL;
  IF NOT FOUND THEN RAISE EXCEPTION 'no leaf % is detached', leaf_name USING ERRCODE = refuse; END IF;
  IF EXISTS (SELECT FROM log.event_leaves l WHERE l.shard = of_shard AND l.leaf > of_leaf AND l.detached_at IS NOT NULL) THEN
    RAISE EXCEPTION 'a newer leaf than % is detached: that one comes first', leaf_name USING ERRCODE = refuse;
  END IF;
  IF to_regclass(format('log.%I', leaf_name)) IS NULL THEN
    RAISE EXCEPTION 'there is no table log.%: restore it from its dump', leaf_name USING ERRCODE = refuse;
  END IF;
  EXECUTE format('LOCK TABLE log.%I IN SHARE MODE', leaf_name);  -- nobody changes it, and nobody waits
  EXECUTE format('SELECT count(DISTINCT position) FROM log.%I WHERE shard = %s AND position >= %s AND position < %s', leaf_name, of_shard,
                 it.first_position, it.end_position) INTO held;
  IF held <> it.end_position - it.first_position THEN
    RAISE EXCEPTION 'the table log.% has % of the leaf''s % records', leaf_name, held, it.end_position - it.first_position
      USING ERRCODE = refuse;
  END IF;
  EXECUTE format('SELECT min(k.position) FROM log.%I k WHERE NOT EXISTS
                    (SELECT FROM log.%I e WHERE e.position = k.position AND e.shard = k.shard AND ROW(e.*) IS NOT DISTINCT FROM ROW(k.*))', kept_name,
                 leaf_name) INTO other;
  IF other IS NOT NULL THEN
    RAISE EXCEPTION 'the table log.% has another record at position % than the log', leaf_name, other USING ERRCODE = refuse;
  END IF;
  PERFORM log.replace_leaf(of_shard, of_leaf, kept_name, leaf_name);
  EXECUTE format('DROP TABLE log.%I', kept_name);
  DELETE FROM log.archived_keys a WHERE a.shard = of_shard AND a.leaf = of_leaf;
  UPDATE log.event_leaves l SET detached_at = NULL, detached_by = NULL WHERE l.shard = of_shard AND l.leaf = of_leaf;
  UPDATE log.installation SET detached_leaves = detached_leaves - 1;
END
$$;
REVOKE EXECUTE ON FUNCTION log.prepare_leaf, log.attach_leaf FROM PUBLIC;
