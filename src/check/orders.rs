//! What an order costs, and what is paid for it.

use super::invariant::{Invariant, Query};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "M2",
        what: "An order's totals are the sums of its lines and adjustments.",
        query: Query::Same(
            "SELECT 'order ' || o.id AS row_at_fault
             FROM orders o
             LEFT JOIN (
                 SELECT order_id, SUM(total) AS total,
                     SUM(CASE WHEN total = quantity * unit_price THEN 0 ELSE 1 END) AS wrong
                 FROM order_lines GROUP BY order_id
             ) l ON l.order_id = o.id
             LEFT JOIN (
                 SELECT order_id,
                     SUM(CASE WHEN kind = 'discount' THEN amount ELSE 0 END) AS discount,
                     SUM(CASE WHEN kind = 'shipping' THEN amount ELSE 0 END) AS shipping,
                     SUM(CASE WHEN kind = 'tax' THEN amount ELSE 0 END) AS tax,
                     SUM(CASE WHEN included = 0 THEN amount ELSE 0 END) AS added
                 FROM order_adjustments GROUP BY order_id
             ) a ON a.order_id = o.id
             WHERE l.order_id IS NULL OR l.wrong > 0 OR o.subtotal <> l.total
                OR o.total <> l.total + COALESCE(a.added, 0)
                OR o.discount_total <> COALESCE(a.discount, 0)
                OR o.shipping_total <> COALESCE(a.shipping, 0)
                OR o.tax_total <> COALESCE(a.tax, 0)",
        ),
    },
    Invariant {
        id: "P1",
        what: "Captured money has its order, in the same currency, and that order is past pending.",
        query: Query::Same(
            "SELECT 'payment ' || p.id || ' of order ' || p.order_id AS row_at_fault
             FROM payments p LEFT JOIN orders o ON o.id = p.order_id
             WHERE p.amount_captured > 0
                AND (o.id IS NULL OR o.status = 'pending' OR o.currency <> p.currency)",
        ),
    },
    Invariant {
        id: "P2",
        what: "An order's payment status follows from its payments.",
        // The same function as in the orders room, written again. Where nothing is to pay, the
        // payments have nothing to say.
        query: Query::Same(
            "SELECT 'order ' || id || ' is ' || payment_status || ', not ' || due AS row_at_fault
             FROM (
                 SELECT o.id, o.payment_status, CASE
                     WHEN p.captured > 0 AND p.refunded >= p.captured THEN 'refunded'
                     WHEN p.captured > 0 AND p.refunded > 0 THEN 'partially_refunded'
                     WHEN p.captured > 0 AND p.captured >= o.total THEN 'paid'
                     WHEN p.captured > 0 THEN 'partially_paid'
                     WHEN p.authorized > 0 THEN 'authorized'
                     WHEN p.waiting > 0 THEN 'unpaid'
                     WHEN p.failed = p.payments THEN 'failed'
                     WHEN p.voided > 0 THEN 'voided'
                     ELSE 'unpaid' END AS due
                 FROM orders o LEFT JOIN (
                     SELECT order_id, COUNT(*) AS payments,
                         SUM(amount_captured) AS captured, SUM(amount_refunded) AS refunded,
                         SUM(CASE WHEN status = 'authorized' THEN 1 ELSE 0 END) AS authorized,
                         SUM(CASE WHEN status IN ('pending', 'requires_action') THEN 1 ELSE 0 END)
                             AS waiting,
                         SUM(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS failed,
                         SUM(CASE WHEN status = 'voided' THEN 1 ELSE 0 END) AS voided
                     FROM payments GROUP BY order_id
                 ) p ON p.order_id = o.id
                 WHERE o.total > 0
             ) AS statuses
             WHERE payment_status <> due",
        ),
    },
    Invariant {
        id: "P3",
        what: "Nothing is kept, or held on a card, of a cancelled order of which nothing was \
               fulfilled.",
        query: Query::Same(
            "SELECT 'payment ' || p.id || ' of order ' || o.id AS row_at_fault
             FROM orders o JOIN payments p ON p.order_id = o.id
             WHERE o.status = 'cancelled' AND o.fulfilment_status = 'unfulfilled'
                AND (p.amount_captured <> p.amount_refunded + p.amount_refunding
                    OR p.amount_authorized <> p.amount_capturing + p.amount_captured
                        + p.amount_voiding + p.amount_voided)",
        ),
    },
];
