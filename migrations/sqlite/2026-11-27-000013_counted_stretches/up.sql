-- A stretch of three days holds as many movements as a shop has in them; once its pages are more than
-- fit into memory, each line of an order takes one from the disk again. Stretches of some ten thousand
-- movements always fit. A movement is in the one that begins last before its transfer's id.
CREATE TABLE stock_stretches (
    number INTEGER NOT NULL PRIMARY KEY,
    begins TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO stock_stretches (number, begins) VALUES (0, '');

ALTER TABLE stock_movements ADD COLUMN stretch INTEGER NOT NULL DEFAULT 0;
DROP INDEX stock_movements_stretch;
CREATE INDEX stock_movements_stretch ON stock_movements (stretch, sku, transfer_id);
