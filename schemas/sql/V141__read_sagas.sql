SET LOCAL ROLE ordersaga_owner;

-- Sagas with their stream and the order's number, for people.
CREATE VIEW read.sagas AS
SELECT 'saga-' || s.type || '-' || s.order_id AS saga, s.*, o.order_number
FROM read.saga_status s
LEFT JOIN read.order_summary o ON o.order_id = s.order_id;

GRANT SELECT ON read.sagas TO ordersaga_operator;
