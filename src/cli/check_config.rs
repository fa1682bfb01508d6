//! `docket check-config`.

use std::path::Path;
use std::process::ExitCode;

use super::failure::Outcome;
use super::{context, table};
use crate::config::{Exporter, Traces};
use crate::telemetry::scrub;

pub(super) fn run(file: Option<&Path>) -> Outcome {
    let config = context::load(file)?;
    let key = config.auth.bootstrap_api_key().map_or("not set", |_| "set");
    let rows = [
        ["data directory".into(), config.data_dir.display().to_string()],
        ["database".into(), context::url(&config)?.to_string()],
        ["server".into(), format!("{}:{}", config.server.host, config.server.port)],
        ["ops".into(), format!("{}:{}", config.ops.host, config.ops.port)],
        ["bootstrap key".into(), key.into()],
        ["log filter".into(), config.logs.filter],
        ["traces".into(), traces(&config.traces)],
        ["trusted peers".into(), list(config.telemetry.trusted_peers.iter())],
    ];
    table::line("the configuration is in order")?;
    table::print(&rows)?;
    for warning in &config.warnings {
        table::line(&format!("warning: {warning}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn traces(traces: &Traces) -> String {
    if !traces.enabled {
        return "not recorded".into();
    }
    let exporter = |exporter: &Exporter| match exporter.address() {
        // An address may have credentials in it.
        Some(address) => format!("{} to {}", exporter.kind.as_str(), scrub(address)),
        None => exporter.kind.as_str().to_owned(),
    };
    let exporters = list(traces.exporters.iter().map(exporter));
    format!("{} of ordinary ones kept; exported: {exporters}", traces.sample_ratio)
}

fn list(items: impl Iterator<Item = impl ToString>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    if items.is_empty() { "none".into() } else { items.join(", ") }
}
