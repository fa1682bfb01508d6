DROP INDEX stock_movements_stretch;
CREATE INDEX stock_movements_sku ON stock_movements (sku, transfer_id);
