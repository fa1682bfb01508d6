DROP INDEX stock_movements_stretch;
ALTER TABLE stock_movements DROP COLUMN stretch;
DROP TABLE stock_stretches;
CREATE INDEX stock_movements_stretch
    ON stock_movements (substr(transfer_id, 1, 5), sku, transfer_id);
