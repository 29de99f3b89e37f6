SET LOCAL ROLE ordersaga_owner;

-- What one shard's records did to a SKU's levels at a location. An order's reservation stands in the order's shard, goods
-- received in the SKU's; so a part alone may be negative, and projectors of different shards never touch one row.
CREATE TABLE read.stock_level_parts (
  sku        text COLLATE "C" NOT NULL,
  location   text COLLATE "C" NOT NULL,
  shard      smallint    NOT NULL,
  on_hand    bigint      NOT NULL,
  reserved   bigint      NOT NULL,
  shipped    bigint      NOT NULL,
  received   bigint      NOT NULL,
  updated_at timestamptz NOT NULL,
  position   bigint      NOT NULL,
  PRIMARY KEY (sku, location, shard)
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, UPDATE ON read.stock_level_parts TO ordersaga_projector;
GRANT SELECT ON read.stock_level_parts TO ordersaga_operator;
