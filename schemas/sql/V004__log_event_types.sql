SET LOCAL ROLE ordersaga_owner;

-- The number that stands for a Protobuf full name in log.events. Filled from the program's own table when it migrates;
-- numbers are never given anew.
CREATE TABLE log.event_types (
  number smallint PRIMARY KEY,
  name   text COLLATE "C" NOT NULL UNIQUE
);

GRANT SELECT ON log.event_types TO ordersaga_writer, ordersaga_relay, ordersaga_projector, ordersaga_operator;
