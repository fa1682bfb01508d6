//! `docket check`: every invariant of the shop, on the database as it is now.

use std::path::Path;
use std::process::ExitCode;

use super::failure::Outcome;
use super::{context, table};
use crate::check::{self, Finding};

pub(super) async fn run(config: Option<&Path>) -> Outcome {
    let db = context::open_existing(&context::load(config)?)?;
    let mut findings = Vec::new();
    // Each by itself: a snapshot of all of them would let the log of a running server grow.
    for invariant in check::INVARIANTS.iter().copied().flatten() {
        let now = db.clock().now();
        findings.extend(db.read(move |conn| check::find(conn, invariant, now)).await?);
    }
    db.close().await;
    if findings.is_empty() {
        let invariants: usize = check::INVARIANTS.iter().map(|group| group.len()).sum();
        table::line(&format!("{invariants} invariants hold."))?;
        return Ok(ExitCode::SUCCESS);
    }
    for finding in &findings {
        tell(finding)?;
    }
    Ok(ExitCode::FAILURE)
}

fn tell(finding: &Finding) -> std::io::Result<()> {
    table::line(&format!("{}: broken by {} rows. {}", finding.id, finding.total, finding.what))?;
    for row in &finding.rows {
        table::line(&format!("    {row}"))?;
    }
    Ok(())
}
