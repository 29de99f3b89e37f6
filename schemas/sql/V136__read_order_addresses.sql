SET LOCAL ROLE ordersaga_owner;

-- Where an order goes and who pays for it: SHIPPING and BILLING, one of each.
CREATE VIEW read.order_addresses AS
SELECT o.order_id,
       t.type,
       o.shard,
       a.e ->> 1 AS name,
       -- Separated by line feeds.
       a.e ->> 2 AS address_lines,
       a.e ->> 3 AS postcode,
       a.e ->> 4 AS city,
       a.e ->> 5 AS country_code,
       a.e ->> 6 AS phone,
       a.e ->> 7 AS email
FROM read.order_summary o
CROSS JOIN (VALUES ('SHIPPING', 0), ('BILLING', 1)) AS t (type, place)
CROSS JOIN LATERAL (SELECT o.address_list::json -> least(t.place, json_array_length(o.address_list::json) - 1) AS e) AS a;

GRANT SELECT ON read.order_addresses TO ordersaga_operator;
