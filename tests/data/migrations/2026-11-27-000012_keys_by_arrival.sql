-- A key whose work goes on.

INSERT INTO idempotency_keys (id, holder, endpoint, key, fingerprint, state, subject, locked_until,
    created_at, expires_at)
VALUES ('k12', 'h1', 'POST /v1/orders', 'twelve', 'f', 'running', 'o12', 2, 1, 3);
