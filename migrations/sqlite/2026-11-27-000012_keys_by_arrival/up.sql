-- A key's id is a digest: in a table that lies in the order of its ids, each order takes a page of its
-- own, anywhere in what is kept, twice, and whole replies fill those pages. Rows that lie in the order
-- of their arrival share the last few pages; only the ids themselves stay scattered, in an index.
CREATE TABLE idempotency_keys_by_arrival (
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
) STRICT;

INSERT INTO idempotency_keys_by_arrival SELECT * FROM idempotency_keys ORDER BY created_at, id;
DROP TABLE idempotency_keys;
ALTER TABLE idempotency_keys_by_arrival RENAME TO idempotency_keys;
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
