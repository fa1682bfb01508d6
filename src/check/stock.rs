//! Stock: levels, the movements they are sums of, and the sales of orders.

use super::invariant::{Invariant, Query};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "S1",
        what: "Stock is never negative, and no more is reserved than there is.",
        query: Query::Same(
            "SELECT 'stock ' || sku || ' at ' || location AS row_at_fault FROM stock_levels
             WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand",
        ),
    },
    Invariant {
        id: "S2",
        what: "What is on hand is the sum of all posted movements.",
        query: Query::Same(
            "SELECT 'stock ' || s.sku || ' at ' || s.location AS row_at_fault
             FROM (
                 SELECT sku, location, on_hand AS units FROM stock_levels
                 UNION ALL
                 SELECT m.sku, m.location, -m.delta
                 FROM stock_movements m JOIN stock_transfers t ON t.id = m.transfer_id
                 WHERE t.status = 'posted'
             ) s GROUP BY s.sku, s.location HAVING SUM(s.units) <> 0",
        ),
    },
    Invariant {
        id: "S3",
        what: "What is reserved is the sum of all pending movements.",
        query: Query::Same(
            "SELECT 'stock ' || s.sku || ' at ' || s.location AS row_at_fault
             FROM (
                 SELECT sku, location, reserved AS units FROM stock_levels
                 UNION ALL
                 SELECT m.sku, m.location, m.delta
                 FROM stock_movements m JOIN stock_transfers t ON t.id = m.transfer_id
                 WHERE t.status = 'pending'
             ) s GROUP BY s.sku, s.location HAVING SUM(s.units) <> 0",
        ),
    },
    Invariant {
        id: "S4",
        what: "A confirmed order has one sale of stock, pending or posted, and a cancelled one has \
               none pending.",
        query: Query::Same(
            "SELECT 'order ' || o.id AS row_at_fault
             FROM orders o LEFT JOIN (
                 SELECT order_id, COUNT(*) AS sales,
                     SUM(CASE WHEN status = 'pending' THEN 1 ELSE 0 END) AS pending
                 FROM stock_transfers WHERE kind = 'sale' AND status IN ('pending', 'posted')
                 GROUP BY order_id
             ) t ON t.order_id = o.id
             WHERE (o.status IN ('confirmed', 'completed') AND COALESCE(t.sales, 0) <> 1)
                OR (o.status = 'cancelled' AND t.pending > 0)",
        ),
    },
    Invariant {
        id: "S5",
        what: "No stock is held longer than fifteen minutes past its deadline.",
        query: Query::Same(
            "SELECT 'transfer ' || id AS row_at_fault FROM stock_transfers
             WHERE status = 'pending' AND deadline_at < ? - 900000000",
        ),
    },
    Invariant {
        id: "S6",
        what: "The sale of an order moves exactly the quantities of its lines.",
        query: Query::Same(
            "SELECT 'transfer ' || s.id || ', ' || s.sku AS row_at_fault
             FROM (
                 SELECT t.id, l.sku, l.quantity AS units
                 FROM stock_transfers t JOIN order_lines l ON l.order_id = t.order_id
                 WHERE t.kind = 'sale'
                 UNION ALL
                 SELECT t.id, m.sku, m.delta
                 FROM stock_transfers t JOIN stock_movements m ON m.transfer_id = t.id
                 WHERE t.kind = 'sale'
             ) s GROUP BY s.id, s.sku HAVING SUM(s.units) <> 0",
        ),
    },
    Invariant {
        id: "S7",
        what: "The stock of a confirmed order that is paid by card has left.",
        query: Query::Same(
            "SELECT 'order ' || o.id AS row_at_fault FROM orders o
             WHERE o.status IN ('confirmed', 'completed')
                AND EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id
                    AND p.method = 'card' AND p.status <> 'failed')
                AND NOT EXISTS (SELECT 1 FROM stock_transfers t WHERE t.order_id = o.id
                    AND t.kind = 'sale' AND t.status = 'posted')",
        ),
    },
    Invariant {
        id: "S8",
        what: "A cancelled order whose stock had left gave back what was not fulfilled; no other \
               order did.",
        query: Query::Same(
            "SELECT 'order ' || s.order_id || ', ' || s.sku AS row_at_fault
             FROM (
                 SELECT o.id AS order_id, l.sku, l.quantity - l.quantity_fulfilled AS units
                 FROM orders o JOIN order_lines l ON l.order_id = o.id
                 WHERE o.status = 'cancelled' AND EXISTS (SELECT 1 FROM stock_transfers t
                     WHERE t.order_id = o.id AND t.kind = 'sale' AND t.status = 'posted')
                 UNION ALL
                 SELECT t.order_id, m.sku, -m.delta
                 FROM stock_transfers t JOIN stock_movements m ON m.transfer_id = t.id
                 WHERE t.kind = 'cancellation' AND t.status = 'posted'
             ) s GROUP BY s.order_id, s.sku HAVING SUM(s.units) <> 0",
        ),
    },
    Invariant {
        id: "S9",
        what: "A movement is in the stretch that its transfer's id falls into.",
        query: Query::Same(
            "SELECT 'transfer ' || m.transfer_id || ', ' || m.sku AS row_at_fault
             FROM stock_movements m
             LEFT JOIN stock_stretches s ON s.number = m.stretch
             LEFT JOIN stock_stretches later ON later.number = m.stretch + 1
             WHERE s.number IS NULL OR m.transfer_id < s.begins
                OR m.transfer_id >= later.begins",
        ),
    },
];
