SET LOCAL ROLE ordersaga_owner;

-- Adds the next leaf to every shard whose newest is over half full. Gives the number of leaves made.
CREATE FUNCTION log.ensure_leaves() RETURNS integer
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  newest record;
  head bigint;
  made integer := 0;
BEGIN
  FOR newest IN SELECT DISTINCT ON (l.shard) l.* FROM log.event_leaves l ORDER BY l.shard, l.leaf DESC LOOP
    EXECUTE format('SELECT max(position) FROM log.%I', format('events_%s_%s', newest.shard, newest.leaf)) INTO head;
    IF head > newest.first_position + (newest.end_position - newest.first_position) / 2 THEN
      PERFORM log.create_leaf(newest.shard);
      made := made + 1;
    END IF;
  END LOOP;
  RETURN made;
END
$$;
REVOKE EXECUTE ON FUNCTION log.ensure_leaves FROM PUBLIC;
