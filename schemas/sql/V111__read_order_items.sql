SET LOCAL ROLE ordersaga_owner;

-- An order's lines, with the product as it was sold.
CREATE TABLE read.order_items (
  order_id         text COLLATE "C" NOT NULL,
  line             bigint   NOT NULL,
  shard            smallint NOT NULL,
  sku              text     NOT NULL,
  product_id       text     NOT NULL,
  variant_id       text     NOT NULL,
  name             text     NOT NULL,
  quantity         bigint   NOT NULL,
  unit_price_minor bigint   NOT NULL,
  subtotal_minor   bigint   NOT NULL,
  PRIMARY KEY (order_id, line)
);

GRANT SELECT, INSERT ON read.order_items TO ordersaga_projector;
GRANT SELECT ON read.order_items TO ordersaga_operator;
