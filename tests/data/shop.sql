-- A small shop in which every invariant holds, for both databases: ten orders, one at each place an
-- order can rest. Amounts are minor units, times are microseconds, and the time is about
-- 1795000000000000.

INSERT INTO customers (id, reference, created_at) VALUES ('c1', 'household-900', 1795000000000000);

INSERT INTO idempotency_keys (id, holder, endpoint, key, fingerprint, state, subject, locked_until,
    status, headers, body, created_at, expires_at) VALUES
('k-shipped', 'h1', 'POST /v1/orders', '1', 'f', 'finished', 'shipped', 1795000040000000,
    201, '[]', '{}', 1795000000000000, 1795259200000000),
('k-waiting', 'h1', 'POST /v1/orders', '2', 'f', 'running', 'waiting', 1794000000000000,
    NULL, NULL, NULL, 1795000000000000, 1795259200000000),
('k-pending', 'h1', 'POST /v1/orders', '3', 'f', 'pending', 'waiting', 1795000040000000,
    NULL, NULL, NULL, 1795000000000000, 1795259200000000);

INSERT INTO orders (id, number, customer_id, status, payment_status, fulfilment_status,
    cancel_reason, currency, subtotal, discount_total, shipping_total, tax_total, total, metadata,
    idempotency_id, deadline_at, revision, version, created_at, updated_at) VALUES
('shipped', 1001, 'c1', 'completed', 'paid', 'fulfilled',
    NULL, 'USD', 350, -50, 30, 20, 330, '{}', 'k-shipped', NULL, 1, 3, 1795000000000000, 1),
('authorized', 1002, 'c1', 'confirmed', 'authorized', 'unfulfilled',
    NULL, 'USD', 100, 0, 0, 0, 100, '{}', NULL, NULL, 1, 2, 1795000000000000, 1),
('declined', 1003, 'c1', 'cancelled', 'failed', 'unfulfilled',
    'payment_declined', 'USD', 100, 0, 0, 0, 100, '{}', NULL, NULL, 1, 2, 1795000000000000, 1),
('invoiced', 1004, 'c1', 'confirmed', 'unpaid', 'unfulfilled',
    NULL, 'USD', 100, 0, 0, 0, 100, '{}', NULL, 1795604800000000, 1, 1, 1795000000000000, 1),
('half-sent', 1005, 'c1', 'confirmed', 'partially_refunded', 'partially_fulfilled',
    NULL, 'USD', 200, 0, 0, 0, 200, '{}', NULL, NULL, 1, 4, 1795000000000000, 1),
('waiting', 1006, 'c1', 'pending', 'unpaid', 'unfulfilled',
    NULL, 'USD', 100, 0, 0, 0, 100, '{}', 'k-waiting', 1795000900000000, 1, 1, 1795000000000000, 1),
('called-off', 1007, 'c1', 'cancelled', 'refunded', 'unfulfilled',
    'requested', 'USD', 100, 0, 0, 0, 100, '{}', NULL, NULL, 1, 3, 1795000000000000, 1),
('overdue', 1008, 'c1', 'cancelled', 'voided', 'unfulfilled',
    'expired', 'USD', 50, 0, 0, 0, 50, '{}', NULL, NULL, 1, 2, 1795000000000000, 1),
('released', 1009, 'c1', 'cancelled', 'voided', 'unfulfilled',
    'requested', 'USD', 100, 0, 0, 0, 100, '{}', NULL, NULL, 1, 3, 1795000000000000, 1),
('free', 1010, 'c1', 'confirmed', 'paid', 'unfulfilled',
    NULL, 'USD', 0, 0, 0, 0, 0, '{}', NULL, NULL, 1, 1, 1795000000000000, 1);

-- The first order has the same product on two lines.
INSERT INTO order_lines (order_id, id, sku, name, quantity, unit_price, total, quantity_fulfilled,
    quantity_returned) VALUES
('shipped', 'l1', 'apple', 'Apples', 2, 100, 200, 2, 0),
('shipped', 'l2', 'apple', 'Apples', 1, 100, 100, 1, 0),
('shipped', 'l3', 'bread', 'Bread', 1, 50, 50, 1, 0),
('authorized', 'l1', 'apple', 'Apples', 1, 100, 100, 0, 0),
('declined', 'l1', 'apple', 'Apples', 1, 100, 100, 0, 0),
('invoiced', 'l1', 'bread', 'Bread', 2, 50, 100, 0, 0),
('half-sent', 'l1', 'apple', 'Apples', 2, 100, 200, 1, 0),
('waiting', 'l1', 'apple', 'Apples', 1, 100, 100, 0, 0),
('called-off', 'l1', 'apple', 'Apples', 1, 100, 100, 0, 0),
('overdue', 'l1', 'bread', 'Bread', 1, 50, 50, 0, 0),
('released', 'l1', 'apple', 'Apples', 1, 100, 100, 0, 0),
('free', 'l1', 'sample', 'Sample', 1, 0, 0, 0, 0);

INSERT INTO order_adjustments (order_id, position, kind, label, amount, included) VALUES
('shipped', 1, 'discount', 'Ten years', -50, 0),
('shipped', 2, 'shipping', 'Parcel', 30, 0),
('shipped', 3, 'tax', 'VAT', 20, 1);

INSERT INTO order_fulfilments (order_id, id, tracking, created_at) VALUES
('shipped', 'f1', 'T1', 1795000000000000),
('shipped', 'f2', NULL, 1795000000000000),
('half-sent', 'f1', NULL, 1795000000000000);

INSERT INTO order_fulfilment_lines (order_id, fulfilment_id, line_id, quantity) VALUES
('shipped', 'f1', 'l1', 1),
('shipped', 'f2', 'l1', 1),
('shipped', 'f2', 'l2', 1),
('shipped', 'f2', 'l3', 1),
('half-sent', 'f1', 'l1', 1);

-- Payments, what was asked of gateways, and the ledger ------------------------------------------

INSERT INTO payments (id, order_id, method, gateway, status, capture_mode, currency, amount,
    amount_authorized, amount_captured, amount_voided, amount_refunding, amount_refunded,
    gateway_reference, version, created_at, updated_at) VALUES
('p-shipped', 'shipped', 'card', 'test', 'captured', 'automatic', 'USD', 330,
    330, 330, 0, 0, 0, 'r1', 2, 1, 1),
('p-authorized', 'authorized', 'card', 'test', 'authorized', 'manual', 'USD', 100,
    100, 0, 0, 0, 0, 'r2', 2, 1, 1),
('p-declined', 'declined', 'card', 'test', 'failed', 'automatic', 'USD', 100,
    0, 0, 0, 0, 0, NULL, 2, 1, 1),
('p-invoiced', 'invoiced', 'manual', 'manual', 'pending', 'manual', 'USD', 100,
    100, 0, 0, 0, 0, NULL, 1, 1, 1),
('p-half-sent', 'half-sent', 'card', 'test', 'captured', 'automatic', 'USD', 200,
    200, 200, 0, 20, 50, 'r5', 4, 1, 1),
('p-waiting', 'waiting', 'card', 'test', 'pending', 'automatic', 'USD', 100,
    0, 0, 0, 0, 0, NULL, 1, 1, 1),
('p-called-off', 'called-off', 'card', 'test', 'captured', 'automatic', 'USD', 100,
    100, 100, 0, 0, 100, 'r7', 3, 1, 1),
('p-overdue', 'overdue', 'manual', 'manual', 'voided', 'manual', 'USD', 50,
    50, 0, 50, 0, 0, NULL, 2, 1, 1),
('p-released', 'released', 'card', 'test', 'voided', 'manual', 'USD', 100,
    100, 0, 100, 0, 0, 'r9', 3, 1, 1);

INSERT INTO payment_operations (id, payment_id, kind, status, amount, idempotency_id, attempts,
    fence, due_at, failure_code, created_at, updated_at) VALUES
('o-shipped-1', 'p-shipped', 'authorize', 'succeeded', 330, 'k-shipped', 1, 1, NULL, NULL, 1, 1),
('o-shipped-2', 'p-shipped', 'capture', 'succeeded', 330, NULL, 1, 1, NULL, NULL, 1, 1),
('o-authorized', 'p-authorized', 'authorize', 'succeeded', 100, NULL, 1, 1, NULL, NULL, 1, 1),
('o-declined', 'p-declined', 'authorize', 'failed', 100, NULL, 1, 1, NULL, 'card_declined', 1, 1),
('o-half-sent-1', 'p-half-sent', 'authorize', 'succeeded', 200, NULL, 1, 1, NULL, NULL, 1, 1),
('o-half-sent-2', 'p-half-sent', 'capture', 'succeeded', 200, NULL, 1, 1, NULL, NULL, 1, 1),
('o-half-sent-3', 'p-half-sent', 'refund', 'succeeded', 50, NULL, 1, 1, NULL, NULL, 1, 1),
('o-half-sent-4', 'p-half-sent', 'refund', 'pending', 20, NULL, 1, 1, 1795000010000000, NULL, 1, 1),
('o-waiting', 'p-waiting', 'authorize', 'pending', 100, 'k-waiting', 1, 1, 1795000010000000, NULL,
    1, 1),
('o-called-off-1', 'p-called-off', 'authorize', 'succeeded', 100, NULL, 1, 1, NULL, NULL, 1, 1),
('o-called-off-2', 'p-called-off', 'capture', 'succeeded', 100, NULL, 1, 1, NULL, NULL, 1, 1),
('o-called-off-3', 'p-called-off', 'refund', 'succeeded', 100, NULL, 1, 1, NULL, NULL, 1, 1),
('o-released-1', 'p-released', 'authorize', 'succeeded', 100, NULL, 1, 1, NULL, NULL, 1, 1),
('o-released-2', 'p-released', 'void', 'succeeded', 100, NULL, 1, 1, NULL, NULL, 1, 1);

INSERT INTO ledger_transfers (id, payment_id, operation_id, kind, pending_id, debit_account,
    credit_account, amount, currency, created_at)
SELECT 't' || SUBSTR(o.id, 2), o.payment_id, o.id,
    CASE o.kind WHEN 'authorize' THEN 'authorization' ELSE o.kind END,
    CASE WHEN o.kind IN ('capture', 'void') THEN 't' || SUBSTR(p.id, 2) || '-1' END,
    'debited by ' || o.kind, 'credited by ' || o.kind, o.amount, p.currency, 1
FROM payment_operations o JOIN payments p ON p.id = o.payment_id WHERE o.status = 'succeeded';

-- The gateway has already done the one request that waits for its answer here.
INSERT INTO test_gateway_records (id, kind, payment_reference, amount, captured, currency, outcome,
    requests, created_at)
SELECT o.id, o.kind, 'r', o.amount, 0, p.currency,
    CASE o.status WHEN 'failed' THEN 'declined' ELSE 'approved' END, 1, 1
FROM payment_operations o JOIN payments p ON p.id = o.payment_id WHERE o.id <> 'o-half-sent-4';

-- Stock -----------------------------------------------------------------------------------------

INSERT INTO stock_levels (sku, location, on_hand, reserved) VALUES
('apple', 'main', 94, 1), ('bread', 'main', 49, 2), ('sample', 'main', 9, 0);

INSERT INTO stock_transfers (id, kind, status, order_id, deadline_at, created_at) VALUES
('s-import', 'import', 'posted', NULL, NULL, 1),
('s-shipped', 'sale', 'posted', 'shipped', NULL, 1),
('s-authorized', 'sale', 'posted', 'authorized', NULL, 1),
('s-declined', 'sale', 'voided', 'declined', NULL, 1),
('s-invoiced', 'sale', 'pending', 'invoiced', 1795604800000000, 1),
('s-half-sent', 'sale', 'posted', 'half-sent', NULL, 1),
('s-waiting', 'sale', 'pending', 'waiting', 1795000900000000, 1),
('s-called-off', 'sale', 'posted', 'called-off', NULL, 1),
('s-called-off-back', 'cancellation', 'posted', 'called-off', NULL, 1),
('s-overdue', 'sale', 'expired', 'overdue', 1, 1),
('s-released', 'sale', 'posted', 'released', NULL, 1),
('s-released-back', 'cancellation', 'posted', 'released', NULL, 1),
('s-free', 'sale', 'posted', 'free', NULL, 1);

INSERT INTO stock_movements (transfer_id, sku, location, delta) VALUES
('s-import', 'apple', 'main', 100),
('s-import', 'bread', 'main', 50),
('s-import', 'sample', 'main', 10),
('s-shipped', 'apple', 'main', -3),
('s-shipped', 'bread', 'main', -1),
('s-authorized', 'apple', 'main', -1),
('s-declined', 'apple', 'main', -1),
('s-invoiced', 'bread', 'main', -2),
('s-half-sent', 'apple', 'main', -2),
('s-waiting', 'apple', 'main', -1),
('s-called-off', 'apple', 'main', -1),
('s-called-off-back', 'apple', 'main', 1),
('s-overdue', 'bread', 'main', -1),
('s-released', 'apple', 'main', -1),
('s-released-back', 'apple', 'main', 1),
('s-free', 'sample', 'main', -1);

-- The journal -----------------------------------------------------------------------------------

INSERT INTO journal_entries (id, type, version, subject, actor, outcome, before, after, created_at)
VALUES
('e01', 'key.created', 1, 'key:h1', 'system', 'success', NULL, '{"name":"till"}', 1),
('e02', 'order.placed', 1, 'order:shipped', 'key:h1', 'success', NULL, '{"status":"pending"}', 1),
('e03', 'order.confirmed', 1, 'order:shipped', 'key:h1', 'success',
    '{"status":"pending"}', '{"status":"confirmed"}', 1),
('e04', 'order.fulfilled', 1, 'order:shipped', 'key:h1', 'success',
    '{"status":"confirmed"}', '{"status":"confirmed"}', 1),
('e05', 'order.completed', 1, 'order:shipped', 'key:h1', 'success',
    '{"status":"confirmed"}', '{"status":"completed"}', 1),
('e06', 'order.placed', 1, 'order:authorized', 'key:h1', 'success', NULL,
    '{"status":"pending"}', 1),
('e07', 'order.confirmed', 1, 'order:authorized', 'key:h1', 'success',
    '{"status":"pending"}', '{"status":"confirmed"}', 1),
('e08', 'order.placed', 1, 'order:declined', 'key:h1', 'success', NULL, '{"status":"pending"}', 1),
('e09', 'order.cancelled', 1, 'order:declined', 'key:h1', 'success',
    '{"status":"pending"}', '{"status":"cancelled"}', 1),
('e10', 'order.placed', 1, 'order:invoiced', 'key:h1', 'success', NULL,
    '{"status":"confirmed"}', 1),
('e11', 'order.placed', 1, 'order:half-sent', 'key:h1', 'success', NULL,
    '{"status":"pending"}', 1),
('e12', 'order.confirmed', 1, 'order:half-sent', 'key:h1', 'success',
    '{"status":"pending"}', '{"status":"confirmed"}', 1),
('e13', 'order.payment_changed', 1, 'order:half-sent', 'key:h1', 'success',
    '{"status":"confirmed"}', '{"status":"confirmed"}', 1),
('e14', 'order.placed', 1, 'order:waiting', 'key:h1', 'success', NULL, '{"status":"pending"}', 1),
('e15', 'order.placed', 1, 'order:called-off', 'key:h1', 'success', NULL,
    '{"status":"pending"}', 1),
('e16', 'order.confirmed', 1, 'order:called-off', 'key:h1', 'success',
    '{"status":"pending"}', '{"status":"confirmed"}', 1),
('e17', 'order.cancelled', 1, 'order:called-off', 'key:h1', 'success',
    '{"status":"confirmed"}', '{"status":"cancelled"}', 1),
('e18', 'order.placed', 1, 'order:overdue', 'key:h1', 'success', NULL,
    '{"status":"confirmed"}', 1),
('e19', 'order.cancelled', 1, 'order:overdue', 'job:orders.expire', 'success',
    '{"status":"confirmed"}', '{"status":"cancelled"}', 1),
('e20', 'order.placed', 1, 'order:released', 'key:h1', 'success', NULL, '{"status":"pending"}', 1),
('e21', 'order.confirmed', 1, 'order:released', 'key:h1', 'success',
    '{"status":"pending"}', '{"status":"confirmed"}', 1),
('e22', 'order.cancelled', 1, 'order:released', 'key:h1', 'success',
    '{"status":"confirmed"}', '{"status":"cancelled"}', 1),
('e23', 'order.placed', 1, 'order:free', 'key:h1', 'success', NULL, '{"status":"confirmed"}', 1),
('e24', 'order.cancelled', 1, 'order:shipped', 'key:h1', 'refused', NULL, NULL, 1);

INSERT INTO journal_entries (id, type, version, subject, actor, outcome, created_at)
SELECT 'e25-' || o.id, 'payment.' || CASE
    WHEN o.status = 'failed' THEN 'failed'
    WHEN o.kind = 'authorize' AND p.capture_mode = 'manual' THEN 'authorized'
    WHEN o.kind IN ('authorize', 'capture') THEN 'captured'
    WHEN o.kind = 'void' THEN 'voided'
    ELSE 'refunded' END, 1, 'payment:' || o.payment_id, 'key:h1', 'success', 1
FROM payment_operations o JOIN payments p ON p.id = o.payment_id WHERE o.status <> 'pending';

INSERT INTO journal_sequence (seq, entry_id)
SELECT ROW_NUMBER() OVER (ORDER BY id), id FROM journal_entries;

INSERT INTO journal_seals (number, first_seq, last_seq, root, chain, key_id, public_key, signature,
    sealed_at)
VALUES (1, 1, 10, 'r', 'c', 'k', 'p', 's', 1), (2, 11, 20, 'r', 'c', 'k', 'p', 's', 1),
    (3, 21, 21, 'r', 'c', 'k', 'p', 's', 1);
