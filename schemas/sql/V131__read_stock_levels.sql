SET LOCAL ROLE ordersaga_owner;

-- Levels of every SKU at every location. on_hand: free units; reserved: promised to orders; shipped: gone to customers;
-- received: all that ever came in. on_hand + reserved + shipped = received once every shard is applied to one moment.
CREATE VIEW read.stock_levels AS
SELECT sku, location,
       sum(on_hand)::bigint  AS on_hand,
       sum(reserved)::bigint AS reserved,
       sum(shipped)::bigint  AS shipped,
       sum(received)::bigint AS received,
       max(updated_at)       AS updated_at
FROM read.stock_level_parts
GROUP BY sku, location;

GRANT SELECT ON read.stock_levels TO ordersaga_operator;
