-- An import that goes on.

INSERT INTO product_imports (id, file, actor, state, counts, bad_rows, started_at, updated_at)
VALUES ('i11', 'products.csv', 'staff:p1', 'running', '{}', '[]', 1, 1);
