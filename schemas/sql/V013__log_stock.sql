SET LOCAL ROLE ordersaga_owner;

-- Stock levels; always the fold of the log's events.
CREATE TABLE log.stock (
  -- Units that nobody has reserved.
  on_hand  bigint   NOT NULL CHECK (on_hand >= 0),
  -- Units promised to open reservations.
  reserved bigint   NOT NULL CHECK (reserved >= 0),
  -- 0 for now; lets stock be split over servers.
  pool     smallint NOT NULL DEFAULT 0,
  -- The level went low, empty or came back, and no event tells it yet.
  crossing boolean  NOT NULL DEFAULT false,
  sku      text     COLLATE "C" NOT NULL,
  location text     COLLATE "C" NOT NULL,
  PRIMARY KEY (pool, sku, location)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

GRANT SELECT, INSERT, UPDATE ON log.stock TO ordersaga_writer;
GRANT SELECT ON log.stock TO ordersaga_operator;
