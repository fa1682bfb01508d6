-- A browser that a person has signed in by.

INSERT INTO staff_browsers (hash, staff_id, expires_at) VALUES ('b1', 'p1', 2);
