SET LOCAL ROLE ordersaga_owner;

-- Asks for a redrive. NULL when nothing of the key is parked.
CREATE FUNCTION read.request_redrive(projection text, key text, action text, reason text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  parked_in smallint;
  given bigint;
BEGIN
  IF $3 <> 'RETRY' AND coalesce($4, '') = '' THEN
    RAISE EXCEPTION 'to discard a record takes a reason' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT p.shard INTO parked_in FROM read.parked_messages p WHERE p.projection = $1 AND p.key = $2 LIMIT 1;
  IF parked_in IS NULL THEN
    RETURN NULL;
  END IF;
  INSERT INTO read.projection_requests (shard, projection, key, action, reason, actor)
  VALUES (parked_in, $1, $2, $3, coalesce($4, ''), session_user)
  RETURNING id INTO given;
  RETURN given;
END
$$;
REVOKE EXECUTE ON FUNCTION read.request_redrive FROM PUBLIC;
GRANT EXECUTE ON FUNCTION read.request_redrive TO ordersaga_operator;
