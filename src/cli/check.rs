//! `docket check`: every invariant of the shop, on the database as it is now.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::failure::Outcome;
use super::{context, table};
use crate::check::{self, Finding};

pub(super) async fn run(config: Option<&Path>) -> Outcome {
    let db = context::open_existing(&context::load(config)?)?;
    let invariants: usize = check::INVARIANTS.iter().map(|group| group.len()).sum();
    let bar = bar(invariants);
    let mut findings = Vec::new();
    // Each by itself: a snapshot of all of them would let the log of a running server grow.
    for invariant in check::INVARIANTS.iter().copied().flatten() {
        bar.set_message(invariant.what);
        let now = db.clock().now();
        findings.extend(db.read(move |conn| check::find(conn, invariant, now)).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    db.close().await;
    if findings.is_empty() {
        table::line(&format!("{invariants} invariants hold."))?;
        return Ok(ExitCode::SUCCESS);
    }
    for finding in &findings {
        tell(finding)?;
    }
    Ok(ExitCode::FAILURE)
}

/// What is being checked, on a terminal: with a long history some of it takes minutes.
fn bar(invariants: usize) -> ProgressBar {
    let bar = ProgressBar::new(invariants as u64);
    if let Ok(style) = ProgressStyle::with_template("{pos:>3}/{len}  {elapsed}  {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}

fn tell(finding: &Finding) -> std::io::Result<()> {
    table::line(&format!("{}: broken by {} rows. {}", finding.id, finding.total, finding.what))?;
    for row in &finding.rows {
        table::line(&format!("    {row}"))?;
    }
    Ok(())
}
