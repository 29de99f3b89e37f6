SET LOCAL ROLE ordersaga_owner;

-- What operators ask of the relay: to publish a shard once more from a position on. The relay that has the shard takes the
-- request when it moves its cursor back; the cursors stay its own.
CREATE TABLE log.republish_requests (
  shard         smallint    PRIMARY KEY,
  from_position bigint      NOT NULL CHECK (from_position > 0),
  -- Who was logged in.
  actor         text        NOT NULL,
  requested_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT SELECT, DELETE ON log.republish_requests TO ordersaga_relay;
GRANT SELECT ON log.republish_requests TO ordersaga_operator;

-- The only way in. Several shards are asked for together or not at all. An earlier request is replaced by one that goes
-- further back, and stays otherwise. Nothing can be skipped by it: the position is one that was published, or the next.
CREATE FUNCTION log.request_republish(shards smallint[], from_position bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  wanted smallint;
  published bigint;
BEGIN
  FOREACH wanted IN ARRAY $1 LOOP
    IF NOT EXISTS (SELECT FROM log.installation i WHERE wanted BETWEEN 0 AND i.shards - 1) THEN
      RAISE EXCEPTION 'no such shard: %', wanted USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT coalesce(max(c.position), 0) INTO published FROM log.relay_cursors c WHERE c.shard = wanted;
    IF $2 < 1 OR $2 > published + 1 THEN
      RAISE EXCEPTION 'shard % is published up to position %: from 1 to % can be asked for', wanted, published, published + 1
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO log.republish_requests AS r (shard, from_position, actor) VALUES (wanted, $2, session_user)
    ON CONFLICT (shard) DO UPDATE SET from_position = least(r.from_position, excluded.from_position), actor = excluded.actor,
      requested_at = excluded.requested_at;
  END LOOP;
  RETURN cardinality($1);
END
$$;
REVOKE EXECUTE ON FUNCTION log.request_republish FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.request_republish TO ordersaga_operator;

-- Shards that the relay has halted, and why. Written by the relay that has the shard; gone when it publishes again.
CREATE TABLE log.relay_halts (
  shard     smallint    PRIMARY KEY,
  reason    text        NOT NULL,
  halted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT SELECT, INSERT, UPDATE, DELETE ON log.relay_halts TO ordersaga_relay;
GRANT SELECT ON log.relay_halts TO ordersaga_operator;
