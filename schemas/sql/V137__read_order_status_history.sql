SET LOCAL ROLE ordersaga_owner;

-- Every status that an order has had.
CREATE VIEW read.order_status_history AS
SELECT o.order_id,
       -- Of the order's stream.
       (s.e ->> 0)::bigint AS version,
       o.shard,
       s.e ->> 1           AS status,
       s.e ->> 2           AS notes,
       s.e ->> 3           AS created_by,
       timestamptz 'epoch' + (s.e ->> 4)::bigint * interval '1 microsecond' AS created_at
FROM read.order_summary o
CROSS JOIN LATERAL json_array_elements(o.status_list::json) AS s (e);

GRANT SELECT ON read.order_status_history TO ordersaga_operator;
