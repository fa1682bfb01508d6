//! The ledger: what money did, in double entry. One row debits one account and credits another by
//! the same amount, so every transfer balances by its form.
//!
//! An authorization is a pending transfer; captures and voids name it and use it up.

mod store;

use super::model::{CaptureMode, Method, Operation, OperationKind, Payment};
use crate::db::WriteTx;
use crate::error::Error;
use crate::kernel::{Amount, TransferId};

/// A transfer to be written.
struct Transfer {
    id: TransferId,
    kind: &'static str,
    pending_id: Option<String>,
    debit_account: String,
    credit_account: String,
    amount: Amount,
}

/// Writes the transfers of an approved operation.
pub(super) fn post(
    tx: &mut WriteTx<'_>,
    operation: &Operation,
    payment: &Payment,
) -> Result<(), Error> {
    let amount = operation.amount;
    let transfers = match operation.kind {
        OperationKind::Authorize => authorization(payment, amount),
        OperationKind::Capture => {
            vec![inward("capture", payment, amount, store::authorization_of(tx, payment)?)]
        }
        OperationKind::Void if payment.method == Method::Manual => vec![],
        OperationKind::Void => {
            let pending_id = store::authorization_of(tx, payment)?;
            vec![outward("void", "sales", payment, amount, pending_id)]
        }
        OperationKind::Refund => vec![outward("refund", "refunds", payment, amount, None)],
    };
    store::insert_transfers(tx, operation, payment, transfers)
}

fn authorization(payment: &Payment, amount: Amount) -> Vec<Transfer> {
    let hold = inward("authorization", payment, amount, None);
    let hold_id = hold.id.to_string();
    let mut transfers = vec![hold];
    if payment.capture_mode == CaptureMode::Automatic {
        transfers.push(inward("capture", payment, amount, Some(hold_id)));
    }
    transfers
}

fn inward(
    kind: &'static str,
    payment: &Payment,
    amount: Amount,
    pending_id: Option<String>,
) -> Transfer {
    Transfer {
        id: TransferId::generate(),
        kind,
        pending_id,
        debit_account: format!("gateway:{}", payment.gateway),
        credit_account: "sales".into(),
        amount,
    }
}

fn outward(
    kind: &'static str,
    debit: &str,
    payment: &Payment,
    amount: Amount,
    pending_id: Option<String>,
) -> Transfer {
    Transfer {
        id: TransferId::generate(),
        kind,
        pending_id,
        debit_account: debit.into(),
        credit_account: format!("gateway:{}", payment.gateway),
        amount,
    }
}
