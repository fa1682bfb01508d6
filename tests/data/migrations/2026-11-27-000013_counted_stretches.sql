INSERT INTO stock_stretches (number, begins) VALUES (1, 's2');

INSERT INTO stock_transfers (id, kind, status, order_id, reason, deadline_at, created_at,
    settled_at)
VALUES ('s2', 'adjustment', 'posted', NULL, 'Count', NULL, 1, 1);

INSERT INTO stock_movements (transfer_id, sku, location, delta, stretch)
VALUES ('s2', 'apple', 'main', -1, 1);
