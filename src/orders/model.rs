//! The three axes of an order: the transition table and two pure functions. No I/O.

use crate::kernel::{Amount, words};
use crate::payments::{Payment, PaymentStatus};

words! {
    /// Where an order is in its life.
    OrderStatus {
        /// The outcome of its payment is not known yet.
        Pending = "pending",
        /// The shop has to fulfil it.
        Confirmed = "confirmed",
        /// Fulfilled and paid.
        Completed = "completed",
        /// It will not be fulfilled.
        Cancelled = "cancelled",
    }
}

words! {
    /// How the money of an order stands: a function of its payments.
    OrderPaymentStatus {
        /// Nothing is held or taken.
        Unpaid = "unpaid",
        /// The money is held.
        Authorized = "authorized",
        /// A part is taken.
        PartiallyPaid = "partially_paid",
        /// All is taken.
        Paid = "paid",
        /// A part of what was taken is given back.
        PartiallyRefunded = "partially_refunded",
        /// All that was taken is given back.
        Refunded = "refunded",
        /// What was held was let go.
        Voided = "voided",
        /// It was declined.
        Failed = "failed",
    }
}

words! {
    /// How the goods of an order stand: a function of its lines.
    FulfilmentStatus {
        /// Nothing has left.
        Unfulfilled = "unfulfilled",
        /// A part has left.
        PartiallyFulfilled = "partially_fulfilled",
        /// All has left.
        Fulfilled = "fulfilled",
        /// A part came back.
        PartiallyReturned = "partially_returned",
        /// All came back.
        Returned = "returned",
    }
}

impl OrderStatus {
    /// Every one of them.
    pub const ALL: &[Self] = &[Self::Pending, Self::Confirmed, Self::Completed, Self::Cancelled];
}

impl OrderPaymentStatus {
    /// Every one of them.
    pub const ALL: &[Self] = &[
        Self::Unpaid,
        Self::Authorized,
        Self::PartiallyPaid,
        Self::Paid,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Voided,
        Self::Failed,
    ];
}

impl FulfilmentStatus {
    /// Every one of them.
    pub const ALL: &[Self] = &[
        Self::Unfulfilled,
        Self::PartiallyFulfilled,
        Self::Fulfilled,
        Self::PartiallyReturned,
        Self::Returned,
    ];
}

impl OrderStatus {
    /// Where an order may go from here.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Confirmed, Self::Cancelled],
            Self::Confirmed => &[Self::Completed, Self::Cancelled],
            Self::Completed | Self::Cancelled => &[],
        }
    }

    /// Whether an order may go from here to there.
    #[must_use]
    pub fn may_become(self, there: Self) -> bool {
        self.next().contains(&there)
    }
}

/// How the money of an order of this total stands.
#[must_use]
pub fn payment_status(total: Amount, payments: &[Payment]) -> OrderPaymentStatus {
    use OrderPaymentStatus as Order;
    use PaymentStatus as One;
    let sum = |part: fn(&Payment) -> Amount| -> i64 {
        payments.iter().map(|payment| part(payment).minor()).sum()
    };
    let captured = sum(|payment| payment.amount_captured);
    let refunded = sum(|payment| payment.amount_refunded);
    let any = |status: One| payments.iter().any(|payment| payment.status == status);
    if captured > 0 {
        return match refunded {
            _ if refunded >= captured => Order::Refunded,
            1.. => Order::PartiallyRefunded,
            _ if captured >= total.minor() => Order::Paid,
            _ => Order::PartiallyPaid,
        };
    }
    if any(One::Authorized) {
        Order::Authorized
    } else if any(One::Pending) || any(One::RequiresAction) || payments.is_empty() {
        Order::Unpaid
    } else if any(One::Captured) {
        // Of nothing: the order costs nothing.
        Order::Paid
    } else if any(One::Voided) {
        Order::Voided
    } else {
        Order::Failed
    }
}

/// How many units of a line were ordered, left and came back.
#[derive(Debug, Clone, Copy)]
pub struct LineCount {
    /// Ordered.
    pub quantity: i64,
    /// Left.
    pub fulfilled: i64,
    /// Came back.
    pub returned: i64,
}

/// How the goods of an order with these lines stand.
#[must_use]
pub fn fulfilment_status(lines: &[LineCount]) -> FulfilmentStatus {
    let sum = |part: fn(&LineCount) -> i64| -> i64 { lines.iter().map(part).sum() };
    let ordered = sum(|line| line.quantity);
    let fulfilled = sum(|line| line.fulfilled);
    let returned = sum(|line| line.returned);
    match (fulfilled, returned) {
        (0, _) => FulfilmentStatus::Unfulfilled,
        (_, 1..) if returned >= ordered => FulfilmentStatus::Returned,
        (_, 1..) => FulfilmentStatus::PartiallyReturned,
        _ if fulfilled >= ordered => FulfilmentStatus::Fulfilled,
        _ => FulfilmentStatus::PartiallyFulfilled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_move_only_along_the_table() {
        use OrderStatus::{Cancelled, Completed, Confirmed, Pending};
        let all = [Pending, Confirmed, Completed, Cancelled];
        let moves: Vec<_> = all
            .iter()
            .flat_map(|from| {
                all.iter().filter(|to| from.may_become(**to)).map(move |to| (*from, *to))
            })
            .collect();
        let table = [
            (Pending, Confirmed),
            (Pending, Cancelled),
            (Confirmed, Completed),
            (Confirmed, Cancelled),
        ];
        assert_eq!(moves, table);
    }

    #[test]
    fn goods_stand_as_their_lines_do() {
        let line = |quantity, fulfilled, returned| LineCount { quantity, fulfilled, returned };
        let table = [
            (vec![line(2, 0, 0)], FulfilmentStatus::Unfulfilled),
            (vec![line(2, 1, 0)], FulfilmentStatus::PartiallyFulfilled),
            (vec![line(2, 2, 0), line(1, 0, 0)], FulfilmentStatus::PartiallyFulfilled),
            (vec![line(2, 2, 0), line(1, 1, 0)], FulfilmentStatus::Fulfilled),
            (vec![line(2, 2, 1)], FulfilmentStatus::PartiallyReturned),
            (vec![line(2, 2, 2)], FulfilmentStatus::Returned),
        ];
        for (lines, expected) in table {
            assert_eq!(fulfilment_status(&lines), expected, "{lines:?}");
        }
    }
}
