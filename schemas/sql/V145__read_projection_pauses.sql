SET LOCAL ROLE ordersaga_owner;

-- Projections that stand still because an operator wants it. The projector looks every second; what it passes over meanwhile is
-- read from the log when the line is gone.
CREATE TABLE read.projection_pauses (
  projection text        NOT NULL PRIMARY KEY,
  reason     text        NOT NULL,
  -- Who was logged in.
  actor      text        NOT NULL,
  paused_at  timestamptz NOT NULL
);

GRANT SELECT ON read.projection_pauses TO ordersaga_projector, ordersaga_operator;

-- False: it was paused already.
CREATE FUNCTION read.pause_projection(projection text, reason text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  INSERT INTO read.projection_pauses VALUES ($1, $2, session_user, clock_timestamp()) ON CONFLICT DO NOTHING;
  RETURN FOUND;
END
$$;

-- False: it was not paused.
CREATE FUNCTION read.resume_projection(projection text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  DELETE FROM read.projection_pauses p WHERE p.projection = $1;
  RETURN FOUND;
END
$$;
REVOKE EXECUTE ON FUNCTION read.pause_projection, read.resume_projection FROM PUBLIC;
GRANT EXECUTE ON FUNCTION read.pause_projection, read.resume_projection TO ordersaga_operator;
