SET LOCAL ROLE ordersaga_owner;

-- Makes the next leaf of a shard. It is made apart and then attached, which keeps nobody from writing to the others.
CREATE FUNCTION log.create_leaf(of_shard smallint) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  next_leaf integer;
  first_position bigint;
  end_position bigint;
  leaf_name text;
BEGIN
  SELECT coalesce(max(l.leaf) + 1, 0), coalesce(max(l.end_position), 1) INTO next_leaf, first_position
  FROM log.event_leaves l WHERE l.shard = of_shard;
  SELECT first_position + i.leaf_size INTO STRICT end_position FROM log.installation i;
  leaf_name := format('events_%s_%s', of_shard, next_leaf);
  -- First the index by stream: where the planner sees no difference, in an empty leaf, it takes the older one.
  EXECUTE format('CREATE TABLE log.%I (LIKE log.events INCLUDING ALL EXCLUDING INDEXES)', leaf_name);
  EXECUTE format('ALTER TABLE log.%I ADD CONSTRAINT %I UNIQUE (stream, version)', leaf_name, leaf_name || '_stream_version_key');
  EXECUTE format('ALTER TABLE log.%I ADD CONSTRAINT %I PRIMARY KEY (position, shard)', leaf_name, leaf_name || '_pkey');
  -- What the attached partition promises, so that attaching need not look.
  EXECUTE format('ALTER TABLE log.%I ADD CONSTRAINT place CHECK (shard = %s AND position >= %s AND position < %s)',
                 leaf_name, of_shard, first_position, end_position);
  EXECUTE format('ALTER TABLE log.%I ATTACH PARTITION log.%I FOR VALUES FROM (%s) TO (%s)',
                 format('events_%s', of_shard), leaf_name, first_position, end_position);
  EXECUTE format('ALTER TABLE log.%I DROP CONSTRAINT place', leaf_name);
  INSERT INTO log.event_leaves VALUES (of_shard, next_leaf, first_position, end_position);
END
$$;
REVOKE EXECUTE ON FUNCTION log.create_leaf FROM PUBLIC;
