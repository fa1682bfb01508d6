//! Queries on the test gateway's own record.

use diesel::prelude::*;

use super::Request;
use crate::db::{Conn, Statement, WriteTx};
use crate::error::Error;
use crate::kernel::OperationId;
use crate::payments::model::{CaptureMode, OperationKind};
use crate::payments::schema::test_gateway_records;

#[derive(QueryableByName)]
struct Recorded {
    #[diesel(sql_type = diesel::sql_types::Text)]
    outcome: String,
}

/// Writes the test gateway's record, once per key; answers the outcome recorded first.
pub(super) fn record(
    tx: &mut WriteTx<'_>,
    request: &Request,
    outcome: &str,
) -> Result<String, Error> {
    let takes = request.kind == OperationKind::Capture
        || (request.kind == OperationKind::Authorize
            && request.capture_mode == CaptureMode::Automatic);
    let captured = if takes && outcome == "approved" { request.amount.minor() } else { 0 };
    let statement = Statement::new(
        "INSERT INTO test_gateway_records (id, kind, payment_reference, amount, captured, \
         currency, outcome, requests, created_at, traceparent) VALUES (?,?,?,?,?,?,?,1,?,?) \
         ON CONFLICT (id) DO UPDATE SET requests = test_gateway_records.requests + 1 \
         RETURNING outcome",
    )
    .bind_all([request.id.to_string(), request.kind.as_str().to_owned()])
    .bind(request.payment_id.to_string())
    .bind_all([request.amount.minor(), captured])
    .bind_all([request.currency.as_str(), outcome])
    .bind(tx.now().micros())
    .bind(request.traceparent().map(str::to_owned));
    let recorded: Option<Recorded> = statement.first(tx.conn())?;
    recorded
        .map(|row| row.outcome)
        .ok_or_else(|| Error::internal("recording at the test gateway", "no row came back"))
}

pub(super) fn recorded(conn: &mut Conn, id: OperationId) -> Result<Option<String>, Error> {
    let found = test_gateway_records::table
        .find(id.to_string())
        .select(test_gateway_records::outcome)
        .get_result(conn);
    Ok(found.optional()?)
}
