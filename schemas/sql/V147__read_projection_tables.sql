SET LOCAL ROLE ordersaga_owner;

-- The tables of a projection; NULL when there is no such one.
CREATE FUNCTION read.projection_tables(projection text) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = '' AS $$
  SELECT CASE $1
    WHEN 'order_summary' THEN ARRAY['order_summary']
    WHEN 'saga_status' THEN ARRAY['saga_status']
    WHEN 'stock_levels' THEN ARRAY['stock_level_parts']
  END
$$;
