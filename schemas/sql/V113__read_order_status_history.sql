SET LOCAL ROLE ordersaga_owner;

-- Every status that an order has had.
CREATE TABLE read.order_status_history (
  order_id   text COLLATE "C" NOT NULL,
  -- Of the order's stream.
  version    bigint      NOT NULL,
  shard      smallint    NOT NULL,
  status     text        NOT NULL,
  notes      text        NOT NULL,
  created_by text        NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (order_id, version)
);

GRANT SELECT, INSERT ON read.order_status_history TO ordersaga_projector;
GRANT SELECT ON read.order_status_history TO ordersaga_operator;
