SET LOCAL ROLE ordersaga_owner;

-- A leaf that was taken out of the log, to be archived. What it holds is not lost but not here: readers that need it say so.
ALTER TABLE log.event_leaves ADD COLUMN detached_at timestamptz, ADD COLUMN detached_by text;
GRANT SELECT ON log.event_leaves TO ordersaga_relay, ordersaga_projector;

-- How many there are; what every turn reads anyway says so.
ALTER TABLE log.installation ADD COLUMN detached_leaves integer NOT NULL DEFAULT 0 CHECK (detached_leaves >= 0);

-- The keys whose last records are in a detached leaf. Without them a turn would take an order of old for one that never was.
CREATE TABLE log.archived_keys (
  leaf  integer  NOT NULL,
  shard smallint NOT NULL,
  key   text     COLLATE "C" NOT NULL,
  PRIMARY KEY (shard, key)
);
GRANT SELECT ON log.archived_keys TO ordersaga_writer, ordersaga_relay, ordersaga_projector, ordersaga_operator;

-- The partition key of a stream, as schemas/streams.h has it.
CREATE FUNCTION log.key_of_stream(stream text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE
    WHEN stream ~ '^(order|reservation|stock)-' THEN substr(stream, strpos(stream, '-') + 1)
    WHEN stream ~ '^(payment|shipment)-' THEN substring(stream FROM '^[^-]*-(.*)\.[^.]*$')
    WHEN stream ~ '^saga-[^-]*-' THEN substring(stream FROM '^saga-[^-]*-(.*)$')
  END
$$;
REVOKE EXECUTE ON FUNCTION log.key_of_stream FROM PUBLIC;

-- What is in partitions: leaves of the log and half-months of the inbox.
CREATE VIEW log.partitions AS
SELECT 'events' AS kind, l.shard, l.leaf, n.name, l.first_position::text AS first, (l.end_position - 1)::text AS last,
       coalesce(pg_total_relation_size(to_regclass('log.' || n.name)), 0) AS bytes,
       CASE WHEN l.detached_at IS NULL THEN 'attached' WHEN to_regclass('log.' || n.name) IS NULL THEN 'archived' ELSE 'detached' END AS state,
       l.detached_at, l.detached_by
FROM log.event_leaves l, LATERAL (SELECT format('events_%s_%s', l.shard, l.leaf) AS name) AS n
UNION ALL
SELECT 'inbox', NULL, NULL, c.relname::text, to_char(b.starts AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
       to_char((log.half_month(b.starts + interval '17 days') - interval '1 day') AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
       pg_total_relation_size(c.oid), 'attached', NULL, NULL
FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid,
LATERAL (SELECT to_date(c.relname, '"inbox_"YYYY_MM_DD')::timestamp AT TIME ZONE 'UTC' AS starts) AS b
WHERE i.inhparent = 'log.inbox'::regclass;
GRANT SELECT ON log.partitions TO ordersaga_operator;
GRANT EXECUTE ON FUNCTION log.half_month TO ordersaga_operator;
