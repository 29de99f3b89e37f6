SET LOCAL ROLE ordersaga_owner;

-- An order's lines, with the product as it was sold.
CREATE VIEW read.order_items AS
SELECT o.order_id, i.line, o.shard,
       i.e ->> 0             AS sku,
       i.e ->> 1             AS product_id,
       i.e ->> 2             AS variant_id,
       i.e ->> 3             AS name,
       (i.e ->> 4)::bigint   AS quantity,
       (i.e ->> 5)::bigint   AS unit_price_minor,
       (i.e ->> 4)::bigint * (i.e ->> 5)::bigint AS subtotal_minor
FROM read.order_summary o
CROSS JOIN LATERAL json_array_elements(o.item_list::json) WITH ORDINALITY AS i (e, line);

GRANT SELECT ON read.order_items TO ordersaga_operator;
