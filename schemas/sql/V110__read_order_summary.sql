SET LOCAL ROLE ordersaga_owner;

-- An order as it stands: one row. Amounts are in the currency's minor unit.
CREATE TABLE read.order_summary (
  order_id                 text COLLATE "C" NOT NULL PRIMARY KEY,
  shard                    smallint    NOT NULL,
  order_number             text COLLATE "C" NOT NULL,
  customer_id              text COLLATE "C" NOT NULL,
  status                   text        NOT NULL,
  payment_status           text        NOT NULL,
  fulfilment_status        text        NOT NULL,
  currency                 text        NOT NULL,
  subtotal_minor           bigint      NOT NULL,
  tax_minor                bigint      NOT NULL,
  shipping_minor           bigint      NOT NULL,
  discount_minor           bigint      NOT NULL,
  total_minor              bigint      NOT NULL,
  -- Of the payment that was opened last.
  requested_minor          bigint      NOT NULL,
  -- Sums over the order's payments.
  authorized_minor         bigint      NOT NULL,
  captured_minor           bigint      NOT NULL,
  refunded_minor           bigint      NOT NULL,
  payment_method           text        NOT NULL,
  shipping_method          text        NOT NULL,
  coupon_code              text        NOT NULL,
  notes                    text        NOT NULL,
  -- Empty until stock is reserved.
  inventory_reservation_id text        NOT NULL,
  -- Why it was rejected or cancelled; empty otherwise.
  rejection_code           text        NOT NULL,
  rejection_reason         text        NOT NULL,
  created_at               timestamptz NOT NULL,
  updated_at               timestamptz NOT NULL,
  completed_at             timestamptz,
  -- When it was cancelled or rejected.
  cancelled_at             timestamptz,
  -- Of the last record that changed the row.
  position                 bigint      NOT NULL
) WITH (fillfactor = 70);

-- Only columns that never change, so that updates stay within their page.
CREATE INDEX order_summary_by_number ON read.order_summary (order_number);
CREATE INDEX order_summary_by_customer ON read.order_summary (customer_id, created_at);
CREATE INDEX order_summary_by_time ON read.order_summary (created_at);

GRANT SELECT, INSERT, UPDATE ON read.order_summary TO ordersaga_projector;
GRANT SELECT ON read.order_summary TO ordersaga_operator;
