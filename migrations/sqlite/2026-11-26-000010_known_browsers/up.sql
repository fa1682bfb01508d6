-- identity: browsers that a person has signed in by. Their attempts are counted apart from those of
-- strangers. Known by the digest of a token that the browser keeps and the person's id.
CREATE TABLE staff_browsers (
    hash TEXT NOT NULL PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX staff_browsers_staff ON staff_browsers (staff_id);
CREATE INDEX staff_browsers_expiry ON staff_browsers (expires_at);
