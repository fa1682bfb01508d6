//! What was sent to the customer.

use super::invariant::{Invariant, Query};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "F1",
        what: "A line's fulfilled quantity is the sum of its fulfilments, and at most what was \
               ordered.",
        query: Query::Same(
            "SELECT 'line ' || l.id || ' of order ' || l.order_id AS row_at_fault
             FROM order_lines l LEFT JOIN (
                 SELECT order_id, line_id, SUM(quantity) AS quantity
                 FROM order_fulfilment_lines GROUP BY order_id, line_id
             ) f ON f.order_id = l.order_id AND f.line_id = l.id
             WHERE l.quantity_fulfilled <> COALESCE(f.quantity, 0)
                OR l.quantity_fulfilled > l.quantity
                OR l.quantity_returned > l.quantity_fulfilled OR l.quantity_returned < 0",
        ),
    },
    Invariant {
        id: "F2",
        what: "An order's fulfilment status follows from its lines.",
        query: Query::Same(
            "SELECT 'order ' || id || ' is ' || fulfilment_status || ', not ' || due AS row_at_fault
             FROM (
                 SELECT o.id, o.fulfilment_status, CASE
                     WHEN l.returned > 0 AND l.returned >= l.ordered THEN 'returned'
                     WHEN l.returned > 0 THEN 'partially_returned'
                     WHEN l.fulfilled >= l.ordered THEN 'fulfilled'
                     WHEN l.fulfilled > 0 THEN 'partially_fulfilled'
                     ELSE 'unfulfilled' END AS due
                 FROM orders o JOIN (
                     SELECT order_id, SUM(quantity) AS ordered,
                         SUM(quantity_fulfilled) AS fulfilled, SUM(quantity_returned) AS returned
                     FROM order_lines GROUP BY order_id
                 ) l ON l.order_id = o.id
             ) AS statuses
             WHERE fulfilment_status <> due",
        ),
    },
    Invariant {
        id: "F3",
        what: "An order is completed exactly when it is fulfilled and paid.",
        query: Query::Same(
            "SELECT 'order ' || id || ' is ' || status || ', ' || fulfilment_status || ', '
                 || payment_status AS row_at_fault
             FROM orders
             WHERE (status = 'completed' AND NOT (
                     fulfilment_status IN ('fulfilled', 'partially_returned', 'returned')
                     AND payment_status IN ('paid', 'partially_refunded', 'refunded')))
                OR (status = 'confirmed' AND fulfilment_status = 'fulfilled'
                     AND payment_status = 'paid')",
        ),
    },
];
