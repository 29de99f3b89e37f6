SET LOCAL ROLE ordersaga_owner;

-- Sagas with the order's number, for people.
CREATE VIEW read.sagas AS
SELECT s.*, o.order_number
FROM read.saga_status s
LEFT JOIN read.order_summary o ON o.order_id = s.order_id;

GRANT SELECT ON read.sagas TO ordersaga_operator;
