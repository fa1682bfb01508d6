-- Back into the order of the ids.
CREATE TABLE idempotency_keys_by_id (
    id TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'pending', 'finished')),
    subject TEXT,
    locked_until INTEGER NOT NULL,
    status INTEGER,
    headers TEXT,
    body TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK (state <> 'finished' OR (status IS NOT NULL AND headers IS NOT NULL AND body IS NOT NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO idempotency_keys_by_id SELECT * FROM idempotency_keys;
DROP TABLE idempotency_keys;
ALTER TABLE idempotency_keys_by_id RENAME TO idempotency_keys;
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
