SET LOCAL ROLE ordersaga_owner;

-- An order and what belongs to it become one row (docs/decisions/0021). The projector makes the rows again from the log: their
-- checkpoints go with them.
DROP VIEW read.sagas;
DROP TABLE read.order_summary, read.order_items, read.order_addresses, read.order_status_history, read.payment_transactions,
  read.order_shipments;
DELETE FROM read.projection_checkpoint WHERE projection = 'order_summary';
DELETE FROM read.parked_messages WHERE projection = 'order_summary';

-- An order as it stands: one row. Amounts are in the currency's minor unit. The lists are JSON arrays of arrays, as texts; the
-- views order_items, order_addresses, order_status_history, payment_transactions and order_shipments show their entries as rows.
CREATE TABLE read.order_summary (
  -- These never change, and stand before those that do: what an update writes to the write-ahead log reaches from the first
  -- changed byte to the last.
  order_id          text COLLATE "C" NOT NULL PRIMARY KEY,
  shard             smallint    NOT NULL,
  order_number      text COLLATE "C" NOT NULL,
  customer_id       text COLLATE "C" NOT NULL,
  currency          text        NOT NULL,
  payment_method    text        NOT NULL,
  shipping_method   text        NOT NULL,
  coupon_code       text        NOT NULL,
  notes             text        NOT NULL,
  -- [sku, product id, variant id, name, quantity, unit price], by line
  item_list         text        NOT NULL,
  -- [SHIPPING or BILLING, name, lines separated by line feeds, postcode, city, country code, phone, e-mail]; no BILLING: the bill
  -- goes where the goods go
  address_list      text        NOT NULL,
  subtotal_minor    bigint      NOT NULL,
  tax_minor         bigint      NOT NULL,
  shipping_minor    bigint      NOT NULL,
  discount_minor    bigint      NOT NULL,
  total_minor       bigint      NOT NULL,
  created_at        timestamptz NOT NULL,
  -- Of the payment that was opened last.
  requested_minor   bigint      NOT NULL,
  -- Sums over the order's payments.
  authorized_minor  bigint      NOT NULL,
  captured_minor    bigint      NOT NULL,
  refunded_minor    bigint      NOT NULL,
  -- Of the last record that changed the row.
  position          bigint      NOT NULL,
  updated_at        timestamptz NOT NULL,
  completed_at      timestamptz,
  -- When it was cancelled or rejected.
  cancelled_at      timestamptz,
  -- Whether its reservation, reservation-<order id>, was ever made.
  stock_reserved    boolean     NOT NULL,
  status            text        NOT NULL,
  payment_status    text        NOT NULL,
  fulfilment_status text        NOT NULL,
  -- Why it was rejected or cancelled; empty otherwise.
  rejection_code    text        NOT NULL,
  rejection_reason  text        NOT NULL,
  -- [version of the order's stream, status, notes, by whom, microseconds since 1970], as they came
  status_list       text        NOT NULL,
  -- [payment's number, version of its stream, type, status, amount, microseconds since 1970, reference, code, message, method], as
  -- they came; empty ones at the end are left out, and so is the order's own method
  payment_list      text        NOT NULL,
  -- [parcel's number, status, tracking status, carrier, booking reference, tracking number, label's URL, made, changed], by number;
  -- times in microseconds since 1970
  parcel_list       text        NOT NULL
) WITH (fillfactor = 60);

-- Only columns that never change, so that updates stay within their page.
CREATE INDEX order_summary_by_number ON read.order_summary (order_number);
CREATE INDEX order_summary_by_customer ON read.order_summary (customer_id, created_at);
CREATE INDEX order_summary_by_time ON read.order_summary (created_at);

GRANT SELECT, INSERT, UPDATE ON read.order_summary TO ordersaga_projector;
GRANT SELECT ON read.order_summary TO ordersaga_operator;
