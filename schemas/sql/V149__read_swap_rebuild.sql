SET LOCAL ROLE ordersaga_owner;

-- A table's indexes: what each is of, and its name.
CREATE FUNCTION read.indexes_of(of_table regclass) RETURNS TABLE (name name, definition text)
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT c.relname, i.indisunique || pg_catalog.substring(pg_catalog.pg_get_indexdef(i.indexrelid), ' USING .*$')
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = of_table
$$;

-- Puts the shadow tables in the place of the live ones, with their checkpoints and what they have parked: one transaction, so that
-- a reader sees the old or the new, and never goes back in the log. False: the live ones have got ahead of the shadow on some
-- shard; fold on and call again. Waits at most 2 s for who reads the live tables.
CREATE FUNCTION read.swap_rebuild(of_projection text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '2s' AS $$
DECLARE
  shadow text := of_projection || '__next';
  live text;
  v record;
  commands text[] := '{}';
  command text;
BEGIN
  -- Every projector moves checkpoints first: after this, none is in the middle of a batch.
  LOCK TABLE read.projection_checkpoint IN SHARE ROW EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM read.projection_checkpoint n WHERE n.projection = shadow) THEN
    RAISE EXCEPTION 'no rebuild of % is under way', of_projection USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF EXISTS (
    SELECT FROM read.projection_checkpoint l
    LEFT JOIN read.projection_checkpoint n ON n.projection = shadow AND n.shard = l.shard
    WHERE l.projection = of_projection
      AND (n.position IS NULL OR n.epoch < l.epoch OR (n.epoch = l.epoch AND n.position < l.position))
  ) THEN
    RETURN false;
  END IF;

  -- A view belongs to the table that it was made of, whatever that is called later: each is made again of the new one. An
  -- index keeps the name that migrations know it by.
  FOREACH live IN ARRAY read.projection_tables(of_projection) LOOP
    FOR v IN
      SELECT DISTINCT c.oid, pg_catalog.format('%I.%I', s.nspname, c.relname) AS name
      FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
      JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relkind = 'v'
      JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
      WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjid = pg_catalog.format('read.%I', live)::pg_catalog.regclass
    LOOP
      commands := commands || pg_catalog.format('CREATE OR REPLACE VIEW %s AS %s', v.name, pg_catalog.pg_get_viewdef(v.oid));
    END LOOP;
  END LOOP;
  FOREACH live IN ARRAY read.projection_tables(of_projection) LOOP
    commands := commands || pg_catalog.format('DROP TABLE read.%I', live || '__old');
    FOR v IN
      SELECT o.name AS old_name, n.name AS new_name
      FROM read.indexes_of(pg_catalog.format('read.%I', live)::pg_catalog.regclass) o
      JOIN read.indexes_of(pg_catalog.format('read.%I', live || '__next')::pg_catalog.regclass) n USING (definition)
    LOOP
      commands := commands || pg_catalog.format('ALTER INDEX read.%I RENAME TO %I', v.new_name, v.old_name);
    END LOOP;
    EXECUTE pg_catalog.format('ALTER TABLE read.%I RENAME TO %I', live, live || '__old');
    EXECUTE pg_catalog.format('ALTER TABLE read.%I RENAME TO %I', live || '__next', live);
  END LOOP;
  FOREACH command IN ARRAY commands LOOP
    EXECUTE command;
  END LOOP;

  INSERT INTO read.projection_checkpoint AS c (projection, shard, epoch, position, updated_at, generation)
  SELECT of_projection, n.shard, n.epoch, n.position, n.updated_at, 1 FROM read.projection_checkpoint n WHERE n.projection = shadow
  ON CONFLICT (projection, shard) DO UPDATE
  SET epoch = excluded.epoch, position = excluded.position, updated_at = excluded.updated_at, generation = c.generation + 1;
  DELETE FROM read.projection_checkpoint n WHERE n.projection = shadow;
  DELETE FROM read.parked_messages m WHERE m.projection = of_projection;
  UPDATE read.parked_messages m SET projection = of_projection WHERE m.projection = shadow;
  RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION read.indexes_of, read.swap_rebuild FROM PUBLIC;
GRANT EXECUTE ON FUNCTION read.swap_rebuild TO ordersaga_projector;
