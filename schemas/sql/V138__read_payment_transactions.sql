SET LOCAL ROLE ordersaga_owner;

-- What was asked of the payment gateway for an order, and each answer, as they came.
CREATE VIEW read.payment_transactions AS
SELECT o.order_id,
       -- <payment id>/<version of the payment's stream>
       o.order_id || '.' || (p.e ->> 0) || '/' || (p.e ->> 1) AS transaction_id,
       o.shard,
       o.order_id || '.' || (p.e ->> 0) AS payment_id,
       -- AUTHORIZE, CAPTURE, VOID, REFUND
       p.e ->> 2                    AS type,
       coalesce(nullif(p.e ->> 9, ''), o.payment_method) AS method,
       (p.e ->> 4)::bigint          AS amount_minor,
       o.currency,
       -- REQUESTED, SUCCEEDED, DECLINED, FAILED, UNKNOWN
       p.e ->> 3                    AS status,
       -- The gateway's own id of the operation.
       coalesce(p.e ->> 6, '')      AS gateway_reference,
       coalesce(p.e ->> 7, '')      AS gateway_code,
       coalesce(p.e ->> 8, '')      AS gateway_message,
       timestamptz 'epoch' + (p.e ->> 5)::bigint * interval '1 microsecond' AS created_at
FROM read.order_summary o
CROSS JOIN LATERAL json_array_elements(o.payment_list::json) AS p (e);

GRANT SELECT ON read.payment_transactions TO ordersaga_operator;
