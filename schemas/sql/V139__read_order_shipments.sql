SET LOCAL ROLE ordersaga_owner;

-- An order's parcels as they stand.
CREATE VIEW read.order_shipments AS
SELECT o.order_id,
       o.order_id || '.' || (p.e ->> 0) AS shipment_id,
       o.shard,
       -- CREATED, PACKED, DISPATCHED, DELIVERED, LOST, CANCELLED
       p.e ->> 1 AS status,
       -- The carrier's last word; empty until there is one.
       p.e ->> 2 AS tracking_status,
       p.e ->> 3 AS carrier,
       p.e ->> 4 AS booking_reference,
       p.e ->> 5 AS tracking_number,
       p.e ->> 6 AS label_url,
       timestamptz 'epoch' + (p.e ->> 7)::bigint * interval '1 microsecond' AS created_at,
       timestamptz 'epoch' + (p.e ->> 8)::bigint * interval '1 microsecond' AS updated_at
FROM read.order_summary o
CROSS JOIN LATERAL json_array_elements(o.parcel_list::json) AS p (e);

GRANT SELECT ON read.order_shipments TO ordersaga_operator;
