SET LOCAL ROLE ordersaga_owner;

-- An order's parcels as they stand.
CREATE TABLE read.order_shipments (
  order_id          text COLLATE "C" NOT NULL,
  shipment_id       text COLLATE "C" NOT NULL,
  shard             smallint    NOT NULL,
  -- CREATED, PACKED, DISPATCHED, DELIVERED, LOST, CANCELLED
  status            text        NOT NULL,
  -- The carrier's last word; empty until there is one.
  tracking_status   text        NOT NULL,
  carrier           text        NOT NULL,
  booking_reference text        NOT NULL,
  tracking_number   text        NOT NULL,
  label_url         text        NOT NULL,
  created_at        timestamptz NOT NULL,
  updated_at        timestamptz NOT NULL,
  PRIMARY KEY (order_id, shipment_id)
) WITH (fillfactor = 70);

GRANT SELECT, INSERT, UPDATE ON read.order_shipments TO ordersaga_projector;
GRANT SELECT ON read.order_shipments TO ordersaga_operator;
