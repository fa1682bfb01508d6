-- A row in each table, as docket 0.1.0 leaves them.

INSERT INTO schema_writers (migration, version) VALUES ('20261123000001', '0.1.0');

INSERT INTO api_keys (id, name, hash, last4, scopes, created_at, revoked_at)
VALUES ('h1', 'till', 'a hash', 'ab12', 'orders:read orders:write', 1, NULL);

INSERT INTO idempotency_keys (id, holder, endpoint, key, fingerprint, state, subject, locked_until,
    status, headers, body, created_at, expires_at)
VALUES ('k1', 'h1', 'POST /v1/orders', 'one', 'f', 'finished', 'o1', 2, 201, '[]', '{}', 1, 3);

INSERT INTO journal_entries (id, type, version, subject, actor, outcome, before, after, request_id,
    trace_id, created_at)
VALUES ('e1', 'order.placed', 1, 'order:o1', 'key:h1', 'success', NULL, '{"status":"confirmed"}',
    'q1', 't1', 1);

INSERT INTO journal_sequence (seq, entry_id) VALUES (1, 'e1');

INSERT INTO journal_unsequenced (entry_id) VALUES ('e2');

INSERT INTO journal_seals (number, first_seq, last_seq, root, chain, key_id, public_key, signature,
    sealed_at)
VALUES (1, 1, 1, 'root', 'chain', 'key', 'public', 'signature', 1);

INSERT INTO job_leases (name, holder, fence, expires_at) VALUES ('settlement', 'p1', 1, 2);

INSERT INTO products (sku, name, search_text, department, category, brand, package_size, version,
    created_at, updated_at)
VALUES ('apple', 'Apples', 'apples', 'Produce', NULL, NULL, '1 kg', 1, 1, 1);

INSERT INTO prices (sku, currency, amount) VALUES ('apple', 'USD', 100);

INSERT INTO stock_levels (sku, location, on_hand, reserved) VALUES ('apple', 'main', 9, 0);

INSERT INTO stock_transfers (id, kind, status, order_id, reason, deadline_at, created_at,
    settled_at)
VALUES ('s0', 'adjustment', 'posted', NULL, 'Delivery', NULL, 1, 1),
    ('s1', 'sale', 'posted', 'o1', NULL, 2, 1, 1);

INSERT INTO stock_movements (transfer_id, sku, location, delta)
VALUES ('s0', 'apple', 'main', 10), ('s1', 'apple', 'main', -1);

INSERT INTO customers (id, reference, created_at) VALUES ('c1', 'household-900', 1);

INSERT INTO orders (id, number, reference, customer_id, status, payment_status, fulfilment_status,
    cancel_reason, currency, subtotal, discount_total, shipping_total, tax_total, total, metadata,
    trace_id, idempotency_id, deadline_at, revision, version, created_at, updated_at)
VALUES ('o1', 1001, '31198570044', 'c1', 'confirmed', 'paid', 'fulfilled', NULL, 'USD', 100, 0, 30,
    0, 130, '{}', 't1', 'k1', NULL, 1, 1, 1, 1);

INSERT INTO order_lines (order_id, id, sku, name, quantity, unit_price, total, quantity_fulfilled,
    quantity_returned)
VALUES ('o1', 'l1', 'apple', 'Apples', 1, 100, 100, 1, 0);

INSERT INTO order_adjustments (order_id, position, kind, label, amount, included)
VALUES ('o1', 1, 'shipping', 'Parcel', 30, 0);

INSERT INTO order_fulfilments (order_id, id, tracking, created_at) VALUES ('o1', 'f1', 'T1', 1);

INSERT INTO order_fulfilment_lines (order_id, fulfilment_id, line_id, quantity)
VALUES ('o1', 'f1', 'l1', 1);

INSERT INTO personal_data (id, customer_id, order_id, email, name, shipping_address, created_at)
VALUES ('d1', 'c1', 'o1', 'someone@example.com', 'Someone', '{}', 1);

INSERT INTO payments (id, order_id, method, gateway, status, capture_mode, currency, amount,
    amount_authorized, amount_captured, gateway_reference, version, created_at, updated_at)
VALUES ('p1', 'o1', 'card', 'test', 'captured', 'automatic', 'USD', 130, 130, 130, 'r1', 1, 1, 1);

INSERT INTO payment_operations (id, payment_id, kind, status, amount, token, idempotency_id,
    attempts, fence, due_at, failure_code, trace_id, created_at, updated_at)
VALUES ('x1', 'p1', 'authorize', 'succeeded', 130, 'tok_visa', 'k1', 1, 1, NULL, NULL, 't1', 1, 1);

INSERT INTO ledger_transfers (id, payment_id, operation_id, kind, pending_id, debit_account,
    credit_account, amount, currency, created_at)
VALUES ('t1', 'p1', 'x1', 'authorization', NULL, 'customer', 'gateway', 130, 'USD', 1),
    ('t2', 'p1', 'x1', 'capture', 't1', 'gateway', 'merchant', 130, 'USD', 1);

INSERT INTO gateway_events (gateway, event_id, received_at) VALUES ('test', 'v1', 1);

INSERT INTO test_gateway_records (id, kind, payment_reference, amount, captured, currency, outcome,
    requests, created_at)
VALUES ('x1', 'authorize', 'r1', 130, 130, 'USD', 'approved', 1, 1);
