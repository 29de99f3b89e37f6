SET LOCAL ROLE ordersaga_owner;

-- What a place that was reached in `of_epoch` (a cursor's, a checkpoint's) is worth now: later epochs undid what lies above
-- their start.
CREATE FUNCTION log.carried_over(of_shard smallint, of_epoch integer, at_position bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT least(at_position, min(e.starts_after)) FROM log.epochs e WHERE e.shard = of_shard AND e.epoch > of_epoch
$$;

-- For each shard: where the log ends, how far the relay is known to have published this log, and where a new epoch would
-- part from the present one by default: after what is both in the log and confirmed. Above it Kafka may hold another life's
-- records, and does no harm if it holds the same ones: they are published once more.
CREATE FUNCTION log.plan_epoch() RETURNS TABLE (shard smallint, head bigint, published bigint, starts_after bigint)
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT s.shard::smallint, h.head, p.published, least(h.head, p.published)
  FROM log.installation i
  CROSS JOIN LATERAL generate_series(0, i.shards - 1) AS s (shard)
  CROSS JOIN LATERAL (SELECT coalesce((SELECT e.position FROM log.events e WHERE e.shard = s.shard::smallint
                                       ORDER BY e.position DESC LIMIT 1), 0) AS head) AS h
  CROSS JOIN LATERAL (SELECT coalesce((SELECT log.carried_over(c.shard, c.epoch, c.position) FROM log.relay_cursors c
                                       WHERE c.shard = s.shard::smallint), 0) AS published) AS p
  ORDER BY s.shard
$$;

-- Begins the next epoch, and gives it. `expected` is the epoch that the caller has looked at. The shards named part after
-- the positions named, all others where log.plan_epoch() says. No turn is under way meanwhile: it holds all locks that
-- writers meet at.
CREATE FUNCTION log.begin_epoch(expected integer, reason text, shards smallint[] DEFAULT '{}', positions bigint[] DEFAULT '{}')
RETURNS integer
LANGUAGE plpgsql SET search_path = '' SET lock_timeout = '10s' AS $$
DECLARE
  present integer;
  wrong record;
BEGIN
  PERFORM pg_advisory_xact_lock(7000, s) FROM log.installation i, LATERAL generate_series(0, i.shards - 1) AS s;
  SELECT i.epoch INTO STRICT present FROM log.installation i FOR UPDATE;
  IF present <> expected THEN
    RAISE EXCEPTION 'the log is in epoch %, not in %: look again', present, expected USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF cardinality(shards) <> cardinality(positions) THEN
    RAISE EXCEPTION 'each shard needs its position' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT w.shard, w.position, p.head INTO wrong FROM unnest(shards, positions) AS w (shard, position)
  LEFT JOIN log.plan_epoch() p ON p.shard = w.shard
  WHERE p.shard IS NULL OR w.position IS NULL OR w.position < 0 OR w.position > p.head LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'shard % cannot part after %: the log ends there at %', wrong.shard, wrong.position, coalesce(wrong.head::text, 'no place')
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO log.epoch_changes (epoch, actor, reason) VALUES (present + 1, session_user, reason);
  INSERT INTO log.epochs (epoch, shard, starts_after, head)
  SELECT present + 1, p.shard, coalesce(w.position, p.starts_after), p.head
  FROM log.plan_epoch() p LEFT JOIN unnest(shards, positions) AS w (shard, position) ON w.shard = p.shard;
  UPDATE log.installation SET epoch = present + 1;
  RETURN present + 1;
END
$$;
REVOKE EXECUTE ON FUNCTION log.carried_over, log.plan_epoch, log.begin_epoch FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.carried_over TO ordersaga_relay, ordersaga_projector, ordersaga_operator;
GRANT EXECUTE ON FUNCTION log.plan_epoch TO ordersaga_operator;
