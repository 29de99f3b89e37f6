SET LOCAL ROLE ordersaga_owner;

-- Commands of operators that do not go over Kafka. The shard's owner takes them like any other input, and deletes them in
-- the turn that decides them: an operator's own connection never holds a shard.
CREATE TABLE log.operator_inbox (
  id           bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  submitted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  shard        smallint    NOT NULL,
  key          text        COLLATE "C" NOT NULL,
  message_id   text        COLLATE "C" NOT NULL,
  -- Full name of the Protobuf message.
  type         text        NOT NULL,
  content_type text        NOT NULL,
  -- Who was logged in.
  actor        text        NOT NULL,
  data         bytea       NOT NULL CHECK (octet_length(data) <= 262144),
  UNIQUE (shard, key, message_id)
);

GRANT SELECT, DELETE ON log.operator_inbox TO ordersaga_writer;
GRANT SELECT ON log.operator_inbox TO ordersaga_operator;

-- The only way in. The caller computes the shard of the key, as every client does. The same command again gives the same id.
CREATE FUNCTION log.submit_operator_command(shard integer, key text, message_id text, type text, content_type text, data bytea)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  c_shard ALIAS FOR $1;
  c_key ALIAS FOR $2;
  c_message_id ALIAS FOR $3;
  given bigint;
  known record;
BEGIN
  IF NOT EXISTS (SELECT FROM log.installation i WHERE c_shard BETWEEN 0 AND i.shards - 1) THEN
    RAISE EXCEPTION 'no such shard: %', c_shard USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF c_key !~ '^[A-Za-z0-9._:-]{1,64}$' OR c_message_id !~ '^[A-Za-z0-9._:-]{1,64}$' THEN
    RAISE EXCEPTION 'an id is 1 to 64 characters of A-Z a-z 0-9 . _ : -' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO log.operator_inbox (shard, key, message_id, type, content_type, actor, data)
  VALUES (c_shard, c_key, c_message_id, $4, $5, session_user, $6)
  ON CONFLICT (shard, key, message_id) DO NOTHING
  RETURNING id INTO given;
  IF given IS NULL THEN
    SELECT o.id, o.data INTO known FROM log.operator_inbox o
    WHERE o.shard = c_shard AND o.key = c_key AND o.message_id = c_message_id;
    IF known.data IS DISTINCT FROM $6 THEN
      RAISE EXCEPTION 'the id % stands for another command', c_message_id USING ERRCODE = 'unique_violation';
    END IF;
    given := known.id;
  END IF;
  RETURN given;
END
$$;
REVOKE EXECUTE ON FUNCTION log.submit_operator_command FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.submit_operator_command TO ordersaga_operator;
