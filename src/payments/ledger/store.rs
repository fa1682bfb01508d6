//! Queries on the ledger.

use diesel::prelude::*;

use super::Transfer;
use crate::db::{Statement, Value, WriteTx};
use crate::error::Error;
use crate::payments::model::{Operation, Payment};
use crate::payments::schema::ledger_transfers;

/// The pending transfer that holds a payment's money; none for manual payments.
pub(super) fn authorization_of(
    tx: &mut WriteTx<'_>,
    payment: &Payment,
) -> Result<Option<String>, Error> {
    let found = ledger_transfers::table
        .filter(ledger_transfers::payment_id.eq(payment.id.to_string()))
        .filter(ledger_transfers::kind.eq("authorization"))
        .select(ledger_transfers::id)
        .get_result(tx.conn());
    Ok(found.optional()?)
}

pub(super) fn insert_transfers(
    tx: &mut WriteTx<'_>,
    operation: &Operation,
    payment: &Payment,
    transfers: Vec<Transfer>,
) -> Result<(), Error> {
    if transfers.is_empty() {
        return Ok(());
    }
    let now = tx.now().micros();
    let rows = transfers.into_iter().map(|transfer| -> [Value; 10] {
        [
            transfer.id.to_string().into(),
            payment.id.to_string().into(),
            operation.id.to_string().into(),
            transfer.kind.into(),
            transfer.pending_id.into(),
            transfer.debit_account.into(),
            transfer.credit_account.into(),
            transfer.amount.minor().into(),
            payment.currency.as_str().into(),
            now.into(),
        ]
    });
    let columns = [
        "id",
        "payment_id",
        "operation_id",
        "kind",
        "pending_id",
        "debit_account",
        "credit_account",
        "amount",
        "currency",
        "created_at",
    ];
    tx.execute(Statement::insert("ledger_transfers", columns, rows))?;
    Ok(())
}
