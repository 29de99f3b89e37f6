SET LOCAL ROLE ordersaga_owner;

-- Installs the log with that many shards; once, for ever. Again with the same number does nothing.
CREATE FUNCTION log.create_shards(shard_count integer, leaf_size bigint DEFAULT 16777216) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  installed integer;
BEGIN
  LOCK TABLE log.installation IN EXCLUSIVE MODE;
  SELECT i.shards INTO installed FROM log.installation i;
  IF installed = shard_count THEN RETURN; END IF;
  IF installed IS NOT NULL THEN
    RAISE EXCEPTION 'the log has % shards and cannot have %', installed, shard_count USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  INSERT INTO log.installation (shards, leaf_size) VALUES (shard_count, create_shards.leaf_size);
  FOR s IN 0 .. shard_count - 1 LOOP
    EXECUTE format('CREATE TABLE log.%I PARTITION OF log.events FOR VALUES IN (%s) PARTITION BY RANGE (position)',
                   format('events_%s', s), s);
    PERFORM log.create_leaf(s::smallint);
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION log.create_shards FROM PUBLIC;
