SET LOCAL ROLE ordersaga_owner;

-- Where an order goes and who pays for it: SHIPPING and BILLING, one of each.
CREATE TABLE read.order_addresses (
  order_id      text COLLATE "C" NOT NULL,
  type          text     NOT NULL,
  shard         smallint NOT NULL,
  name          text     NOT NULL,
  -- Separated by line feeds.
  address_lines text     NOT NULL,
  postcode      text     NOT NULL,
  city          text     NOT NULL,
  country_code  text     NOT NULL,
  phone         text     NOT NULL,
  email         text     NOT NULL,
  PRIMARY KEY (order_id, type)
);

GRANT SELECT, INSERT ON read.order_addresses TO ordersaga_projector;
GRANT SELECT ON read.order_addresses TO ordersaga_operator;
