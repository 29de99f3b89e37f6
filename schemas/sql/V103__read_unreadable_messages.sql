SET LOCAL ROLE ordersaga_owner;

-- Messages on the events topic that are no records of the log: headers missing or wrong. When one stood in the place of a
-- record, the record was taken from the log.
CREATE TABLE read.unreadable_messages (
  topic        text COLLATE "C" NOT NULL,
  partition    bigint      NOT NULL,
  kafka_offset bigint      NOT NULL,
  key_base64   text        NOT NULL,
  value_base64 text        NOT NULL,
  reason       text        NOT NULL,
  parked_at    timestamptz NOT NULL,
  PRIMARY KEY (topic, partition, kafka_offset)
);

GRANT SELECT, INSERT ON read.unreadable_messages TO ordersaga_projector;
GRANT SELECT ON read.unreadable_messages TO ordersaga_operator;
