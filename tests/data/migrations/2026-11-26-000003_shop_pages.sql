-- A cart with a line, and an order that was placed from another one.

INSERT INTO product_words (word, sku) VALUES ('apple', 'apple');

INSERT INTO carts (id, secret_hash, created_at, updated_at) VALUES ('cart1', 'h1', 1, 1);

INSERT INTO cart_lines (cart_id, sku, quantity, added_at) VALUES ('cart1', 's1', 2, 1);

INSERT INTO cart_orders (order_id, cart_id, link, stands) VALUES ('o1', 'cart2', 'link1', 1);

INSERT INTO product_imports (id, file, actor, state, counts, bad_rows, failure, started_at, updated_at)
VALUES ('im1', 'products.csv', 'staff:s1', 'running', '{}', '[]', NULL, 1, 1);
