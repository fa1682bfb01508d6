//! Faults for the shop of `shop.sql`: the invariant that each breaks, and the SQL that plants it.

/// An invariant's identifier and what breaks it.
pub type Fault = (&'static str, &'static str);

/// Faults for both databases.
pub const FAULTS: &[Fault] = &[
    // The ledger.
    ("M1", "UPDATE ledger_transfers SET amount = 0 WHERE id = 't-shipped-2'"),
    ("M1", "UPDATE ledger_transfers SET credit_account = debit_account WHERE id = 't-shipped-2'"),
    ("M1", "UPDATE ledger_transfers SET currency = 'EUR' WHERE id = 't-shipped-2'"),
    ("M1", "DELETE FROM payments WHERE id = 'p-shipped'"),
    ("M3", "UPDATE payments SET amount_refunded = 331 WHERE id = 'p-shipped'"),
    ("M3", "UPDATE payments SET amount_voiding = 1 WHERE id = 'p-shipped'"),
    ("M3", "UPDATE payments SET amount_capturing = -1 WHERE id = 'p-authorized'"),
    ("M3", "UPDATE payments SET amount_authorized = 101 WHERE id = 'p-authorized'"),
    ("M4", "DELETE FROM ledger_transfers WHERE id = 't-half-sent-3'"),
    ("M4", "UPDATE ledger_transfers SET amount = 329 WHERE id = 't-shipped-2'"),
    ("M4", "UPDATE ledger_transfers SET amount = 99 WHERE id = 't-released-2'"),
    ("M4", "UPDATE payments SET amount_authorized = 0 WHERE id = 'p-authorized'"),
    ("M4", "UPDATE payments SET amount_captured = 100 WHERE id = 'p-invoiced'"),
    ("M5", "UPDATE ledger_transfers SET pending_id = 't-half-sent-1' WHERE id = 't-shipped-2'"),
    ("M5", "UPDATE ledger_transfers SET pending_id = NULL WHERE id = 't-released-2'"),
    // Orders and what is paid for them.
    ("M2", "UPDATE orders SET total = 331 WHERE id = 'shipped'"),
    ("M2", "UPDATE order_lines SET unit_price = 51, total = 51 WHERE sku = 'bread'"),
    ("M2", "UPDATE order_lines SET unit_price = 99 WHERE order_id = 'authorized'"),
    ("M2", "UPDATE order_adjustments SET included = 0 WHERE kind = 'tax'"),
    ("M2", "UPDATE orders SET tax_total = 0 WHERE id = 'shipped'"),
    ("M2", "UPDATE orders SET subtotal = 380, discount_total = -80 WHERE id = 'shipped'"),
    ("M2", "UPDATE orders SET shipping_total = 0 WHERE id = 'shipped'"),
    ("M2", "DELETE FROM order_lines WHERE order_id = 'free'"),
    ("P1", "UPDATE orders SET status = 'pending' WHERE id = 'half-sent'"),
    ("P1", "UPDATE orders SET currency = 'EUR' WHERE id = 'shipped'"),
    ("P1", "UPDATE payments SET order_id = 'nothing' WHERE id = 'p-shipped'"),
    ("P2", "UPDATE orders SET payment_status = 'paid' WHERE id = 'authorized'"),
    ("P2", "UPDATE orders SET payment_status = 'paid' WHERE id = 'half-sent'"),
    ("P2", "UPDATE orders SET payment_status = 'partially_refunded' WHERE id = 'called-off'"),
    ("P2", "UPDATE orders SET payment_status = 'unpaid' WHERE id = 'declined'"),
    ("P2", "UPDATE orders SET payment_status = 'authorized' WHERE id = 'released'"),
    ("P2", "UPDATE orders SET payment_status = 'failed' WHERE id = 'waiting'"),
    ("P2", "UPDATE payments SET amount_captured = 329 WHERE id = 'p-shipped'"),
    ("P2", "DELETE FROM payments WHERE id = 'p-authorized'"),
    ("P3", "UPDATE payments SET amount_refunded = 99 WHERE id = 'p-called-off'"),
    ("P3", "UPDATE payments SET amount_voided = 0 WHERE id = 'p-released'"),
    // Payments and gateways.
    (
        "P4",
        "DROP INDEX payments_gateway_reference;
         UPDATE payments SET gateway_reference = 'r1' WHERE id = 'p-authorized'",
    ),
    ("P5", "UPDATE payments SET status = 'authorized' WHERE id = 'p-shipped'"),
    ("P5", "UPDATE payments SET status = 'partially_captured' WHERE id = 'p-authorized'"),
    ("P6", "UPDATE payment_operations SET due_at = 1794999939999999 WHERE id = 'o-waiting'"),
    ("P7", "UPDATE payments SET amount_refunding = 0 WHERE id = 'p-half-sent'"),
    ("P7", "UPDATE payments SET amount_capturing = 100 WHERE id = 'p-authorized'"),
    ("P7", "UPDATE payments SET amount_voiding = 100 WHERE id = 'p-authorized'"),
    ("P8", "DELETE FROM test_gateway_records WHERE id = 'o-shipped-2'"),
    ("P8", "UPDATE test_gateway_records SET amount = 329 WHERE id = 'o-shipped-2'"),
    ("P8", "UPDATE test_gateway_records SET outcome = 'declined' WHERE id = 'o-shipped-2'"),
    ("P8", "UPDATE test_gateway_records SET currency = 'EUR' WHERE id = 'o-shipped-2'"),
    ("P9", "UPDATE test_gateway_records SET outcome = 'approved' WHERE id = 'o-declined'"),
    ("P9", "UPDATE test_gateway_records SET id = 'o-nobody' WHERE id = 'o-waiting'"),
    // Stock.
    ("S1", "UPDATE stock_levels SET on_hand = -1 WHERE sku = 'sample'"),
    ("S1", "UPDATE stock_levels SET reserved = 95 WHERE sku = 'apple'"),
    ("S1", "UPDATE stock_levels SET reserved = -1 WHERE sku = 'apple'"),
    ("S2", "UPDATE stock_levels SET on_hand = 95 WHERE sku = 'apple'"),
    ("S2", "UPDATE stock_transfers SET status = 'posted' WHERE id = 's-waiting'"),
    ("S2", "DELETE FROM stock_levels WHERE sku = 'bread'"),
    ("S3", "UPDATE stock_levels SET reserved = 0 WHERE sku = 'apple'"),
    ("S3", "UPDATE stock_transfers SET status = 'voided' WHERE id = 's-waiting'"),
    ("S3", "DELETE FROM stock_levels WHERE sku = 'bread'"),
    ("S4", "UPDATE stock_transfers SET status = 'voided' WHERE id = 's-shipped'"),
    ("S4", "UPDATE stock_transfers SET order_id = 'shipped' WHERE id = 's-free'"),
    ("S4", "UPDATE stock_transfers SET status = 'pending' WHERE id = 's-declined'"),
    ("S5", "UPDATE stock_transfers SET deadline_at = 1794999159999999 WHERE id = 's-waiting'"),
    (
        "S6",
        "UPDATE stock_movements SET delta = -2 WHERE transfer_id = 's-shipped' AND sku = 'apple'",
    ),
    ("S6", "DELETE FROM stock_movements WHERE transfer_id = 's-shipped' AND sku = 'bread'"),
    (
        "S6",
        "INSERT INTO stock_movements (transfer_id, sku, location, delta)
            VALUES ('s-shipped', 'sample', 'main', -1)",
    ),
    ("S7", "UPDATE stock_transfers SET status = 'pending' WHERE id = 's-authorized'"),
    ("S8", "UPDATE stock_transfers SET status = 'voided' WHERE id = 's-called-off-back'"),
    ("S8", "UPDATE stock_movements SET delta = 2 WHERE transfer_id = 's-called-off-back'"),
    ("S8", "UPDATE stock_transfers SET order_id = 'shipped' WHERE id = 's-called-off-back'"),
    ("S9", "UPDATE stock_movements SET stretch = 1 WHERE transfer_id = 's-shipped'"),
    ("S9", "INSERT INTO stock_stretches (number, begins) VALUES (1, 's-shipped')"),
    (
        "S9",
        "INSERT INTO stock_stretches (number, begins) VALUES (1, 's-shipped');
         UPDATE stock_movements SET stretch = 1",
    ),
    // Fulfilment.
    ("F1", "UPDATE order_lines SET quantity_fulfilled = 2 WHERE order_id = 'half-sent'"),
    ("F1", "DELETE FROM order_fulfilment_lines WHERE order_id = 'half-sent'"),
    ("F1", "UPDATE order_lines SET quantity_returned = 2 WHERE order_id = 'half-sent'"),
    (
        "F1",
        "UPDATE order_lines SET quantity_fulfilled = 3 WHERE order_id = 'half-sent';
         UPDATE order_fulfilment_lines SET quantity = 3 WHERE order_id = 'half-sent'",
    ),
    ("F2", "UPDATE orders SET fulfilment_status = 'fulfilled' WHERE id = 'half-sent'"),
    ("F2", "UPDATE orders SET fulfilment_status = 'unfulfilled' WHERE id = 'shipped'"),
    ("F2", "UPDATE order_lines SET quantity_returned = 1 WHERE order_id = 'half-sent'"),
    ("F2", "UPDATE order_lines SET quantity_returned = quantity WHERE order_id = 'shipped'"),
    ("F3", "UPDATE orders SET status = 'completed' WHERE id = 'half-sent'"),
    ("F3", "UPDATE orders SET payment_status = 'authorized' WHERE id = 'shipped'"),
    ("F3", "UPDATE orders SET status = 'confirmed' WHERE id = 'shipped'"),
    // The life of an order.
    ("T1", "UPDATE journal_entries SET after = '{\"status\":\"completed\"}' WHERE id = 'e09'"),
    ("T1", "UPDATE journal_entries SET after = '{\"status\":\"pending\"}' WHERE id = 'e05'"),
    ("T1", "UPDATE journal_entries SET after = '{\"status\":\"completed\"}' WHERE id = 'e23'"),
    ("T2", "UPDATE journal_entries SET before = '{\"status\":\"pending\"}' WHERE id = 'e04'"),
    ("T2", "UPDATE journal_entries SET before = NULL WHERE id = 'e03'"),
    ("T2", "UPDATE journal_entries SET before = '{\"status\":\"pending\"}' WHERE id = 'e02'"),
    (
        "T2",
        "UPDATE journal_sequence SET seq = 1000 WHERE entry_id = 'e03';
         UPDATE journal_sequence SET seq = 3 WHERE entry_id = 'e05'",
    ),
    ("T3", "UPDATE orders SET status = 'confirmed' WHERE id = 'waiting'"),
    ("T3", "UPDATE journal_entries SET subject = 'order:nothing' WHERE id = 'e23'"),
    // The journal.
    ("A1", "DELETE FROM journal_sequence WHERE seq = 5"),
    ("A1", "DELETE FROM journal_sequence WHERE seq = 1"),
    ("A1", "UPDATE journal_sequence SET seq = 0 WHERE seq = 1"),
    ("A2", "DELETE FROM journal_sequence WHERE seq = (SELECT MAX(seq) FROM journal_sequence)"),
    ("A2", "INSERT INTO journal_unsequenced (entry_id) VALUES ('e01')"),
    ("A3", "UPDATE journal_entries SET type = 'order.confirmed' WHERE id = 'e23'"),
    ("A3", "UPDATE journal_entries SET type = 'order.placed' WHERE id = 'e13'"),
    ("A3", "UPDATE journal_entries SET subject = 'order:nothing' WHERE id = 'e23'"),
    ("A4", "UPDATE journal_seals SET first_seq = 12 WHERE number = 2"),
    ("A4", "UPDATE journal_seals SET first_seq = 2 WHERE number = 1"),
    ("A4", "DELETE FROM journal_seals WHERE number = 2"),
    ("A4", "UPDATE journal_seals SET last_seq = 1000 WHERE number = 3"),
    ("A4", "UPDATE journal_seals SET last_seq = 19 WHERE number = 3"),
    ("A5", "UPDATE journal_entries SET type = 'payment.other' WHERE id = 'e25-o-shipped-2'"),
    ("A5", "UPDATE journal_entries SET type = 'payment.other' WHERE id = 'e25-o-declined'"),
    ("A5", "UPDATE journal_entries SET subject = 'payment:x' WHERE id = 'e25-o-half-sent-3'"),
    // Idempotency keys.
    (
        "I1",
        "INSERT INTO idempotency_keys SELECT 'k-twin', holder, endpoint, key, fingerprint, state,
         subject, locked_until, status, headers, body, created_at, expires_at
         FROM idempotency_keys WHERE id = 'k-shipped'",
    ),
    ("I2", "UPDATE idempotency_keys SET body = NULL WHERE id = 'k-shipped'"),
    ("I2", "UPDATE idempotency_keys SET state = 'running' WHERE id = 'k-shipped'"),
    ("I3", "UPDATE orders SET idempotency_id = 'k-shipped' WHERE id = 'free'"),
    (
        "I4",
        "UPDATE payment_operations SET status = 'succeeded', due_at = NULL WHERE id = 'o-waiting'",
    ),
];

/// Faults that PostgreSQL itself rules out.
pub const SQLITE_FAULTS: &[Fault] = &[
    ("D1", "UPDATE stock_levels SET on_hand = -1 WHERE sku = 'sample'"),
    ("D2", "DELETE FROM customers"),
];
