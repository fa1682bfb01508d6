-- A person of the desk who is signed in, the link that was used, and a name that failed.

INSERT INTO staff (id, login, name, role, password_hash, disabled_at, version, created_at, updated_at)
VALUES ('p1', 'ada', 'Ada', 'owner', 'a hash', NULL, 1, 1, 1);

INSERT INTO staff_links (token_hash, staff_id, purpose, created_at, expires_at, used_at)
VALUES ('t1', 'p1', 'set_up', 1, 2, 1);

INSERT INTO staff_sessions (token_hash, staff_id, csrf, created_at, seen_at, expires_at)
VALUES ('t2', 'p1', 'c1', 1, 1, 2);

INSERT INTO sign_in_failures (login_hash, failures, last_at) VALUES ('h1', 1, 1);
