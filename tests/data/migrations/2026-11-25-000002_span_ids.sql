-- Rows that know their span, in each table that got a column.

INSERT INTO orders (id, number, reference, customer_id, status, payment_status, fulfilment_status,
    cancel_reason, currency, subtotal, discount_total, shipping_total, tax_total, total, metadata,
    trace_id, span_id, idempotency_id, deadline_at, revision, version, created_at, updated_at)
VALUES ('o2', 1002, NULL, 'c1', 'confirmed', 'paid', 'fulfilled', NULL, 'USD', 100, 0, 0, 0, 100,
    '{}', 't2', 's2', 'k1', NULL, 1, 1, 1, 1);

INSERT INTO payment_operations (id, payment_id, kind, status, amount, token, idempotency_id,
    attempts, fence, due_at, failure_code, trace_id, span_id, created_at, updated_at)
VALUES ('x2', 'p1', 'refund', 'succeeded', 30, NULL, 'k1', 1, 1, NULL, NULL, 't2', 's2', 1, 1);

INSERT INTO test_gateway_records (id, kind, payment_reference, amount, captured, currency, outcome,
    requests, created_at, traceparent)
VALUES ('x2', 'refund', 'r1', 30, 0, 'USD', 'approved', 1, 1,
    '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01');
