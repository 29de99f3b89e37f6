SET LOCAL ROLE ordersaga_owner;

-- A table's columns as they must be for rows to be moved into it.
CREATE FUNCTION read.columns_of(of_table regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attname, a.atttypid, a.attnotnull, a.attgenerated), ',' ORDER BY a.attnum)
  FROM pg_catalog.pg_attribute a WHERE a.attrelid = of_table AND a.attnum > 0 AND NOT a.attisdropped
$$;

-- Makes the shadow tables, <table>__next, that a projection is folded into anew beside the live ones: with their columns,
-- constraints, indexes, settings and grants. False: they are there already, from a rebuild that did not come to its end; it
-- goes on where it stopped. They are thrown away when `restart` says so, and when they are of an earlier epoch of the log or
-- not like the live ones any more.
CREATE FUNCTION read.prepare_rebuild(of_projection text, restart boolean)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  shadow text := of_projection || '__next';
  anew boolean;
  live text;
  options text;
  granted record;
BEGIN
  IF read.projection_tables(of_projection) IS NULL THEN
    RAISE EXCEPTION 'there is no projection %', of_projection USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- Two rebuilds at once take turns here.
  PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('ordersaga read.prepare_rebuild'));
  SELECT restart
      OR pg_catalog.bool_or(read.columns_of(pg_catalog.to_regclass(pg_catalog.format('read.%I', t || '__next')))
                            IS DISTINCT FROM read.columns_of(pg_catalog.to_regclass(pg_catalog.format('read.%I', t))))
      OR EXISTS (SELECT FROM read.projection_checkpoint c, log.installation i WHERE c.projection = shadow AND c.epoch <> i.epoch)
    INTO anew FROM pg_catalog.unnest(read.projection_tables(of_projection)) AS t;
  IF NOT anew THEN
    RETURN false;
  END IF;

  FOREACH live IN ARRAY read.projection_tables(of_projection) LOOP
    EXECUTE pg_catalog.format('DROP TABLE IF EXISTS read.%I', live || '__next');
    EXECUTE pg_catalog.format('CREATE TABLE read.%I (LIKE read.%I INCLUDING ALL)', live || '__next', live);
    SELECT pg_catalog.array_to_string(c.reloptions, ', ') INTO options
    FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.format('read.%I', live)::pg_catalog.regclass;
    IF options IS NOT NULL THEN
      EXECUTE pg_catalog.format('ALTER TABLE read.%I SET (%s)', live || '__next', options);
    END IF;
    FOR granted IN
      SELECT a.privilege_type, a.grantee::pg_catalog.regrole AS grantee
      FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
      WHERE c.oid = pg_catalog.format('read.%I', live)::pg_catalog.regclass AND a.grantee NOT IN (0, c.relowner)
    LOOP
      EXECUTE pg_catalog.format('GRANT %s ON read.%I TO %s', granted.privilege_type, live || '__next', granted.grantee);
    END LOOP;
  END LOOP;
  DELETE FROM read.projection_checkpoint c WHERE c.projection = shadow;
  DELETE FROM read.parked_messages m WHERE m.projection = shadow;
  RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION read.columns_of, read.prepare_rebuild FROM PUBLIC;
GRANT EXECUTE ON FUNCTION read.prepare_rebuild TO ordersaga_projector;
