-- An index by product alone takes each line of an order to a page of its own, anywhere in the history.
-- Within a stretch of time (the first five digits of a UUIDv7 change every three days) all of them go
-- into the same few pages, and a product's movements are still found stretch by stretch.
DROP INDEX stock_movements_sku;
CREATE INDEX stock_movements_stretch
    ON stock_movements (substr(transfer_id, 1, 5), sku, transfer_id);
