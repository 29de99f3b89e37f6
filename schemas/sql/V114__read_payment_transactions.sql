SET LOCAL ROLE ordersaga_owner;

-- What was asked of the payment gateway for an order, and each answer, as they came.
CREATE TABLE read.payment_transactions (
  order_id          text COLLATE "C" NOT NULL,
  -- <payment id>/<version of the payment's stream>
  transaction_id    text COLLATE "C" NOT NULL,
  shard             smallint    NOT NULL,
  payment_id        text        NOT NULL,
  -- AUTHORIZE, CAPTURE, VOID, REFUND
  type              text        NOT NULL,
  method            text        NOT NULL,
  amount_minor      bigint      NOT NULL,
  currency          text        NOT NULL,
  -- REQUESTED, SUCCEEDED, DECLINED, FAILED, UNKNOWN
  status            text        NOT NULL,
  -- The gateway's own id of the operation.
  gateway_reference text        NOT NULL,
  gateway_code      text        NOT NULL,
  gateway_message   text        NOT NULL,
  created_at        timestamptz NOT NULL,
  PRIMARY KEY (order_id, transaction_id)
);

GRANT SELECT, INSERT ON read.payment_transactions TO ordersaga_projector;
GRANT SELECT ON read.payment_transactions TO ordersaga_operator;
