//! `docket audit verify`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::audit::{self, Proof, Trust, VerifyReport};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::{context, table};
use crate::config::Config;

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// Checkpoints that were exported before and kept elsewhere: what finds every change, also by
    /// one who can write to this machine. Without it, those of the data directory are used.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// The journal must end where the newest checkpoint ends: for a database that nobody writes to.
    #[arg(long)]
    exact: bool,
    /// Verify this proof alone, with the keys of the checkpoints; no database is read.
    #[arg(long, value_name = "FILE", conflicts_with = "exact")]
    proof: Option<PathBuf>,
}

pub(super) async fn run(args: Args, config: Option<&Path>) -> Outcome {
    let config = context::load(config)?;
    let trust = trust(&args, &config)?;
    if let Some(proof) = &args.proof {
        return verify_proof(proof, &args, &config);
    }
    let db = context::open_existing(&config)?;
    let report = db.read(move |conn| audit::verify(conn, &trust, args.exact)).await?;
    db.close().await;
    tell(&report)?;
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn trust(args: &Args, config: &Config) -> Result<Trust, Failure> {
    if let Some(file) = &args.checkpoint {
        return Ok(Trust::in_checkpoints(audit::read_checkpoints(file)?));
    }
    let keys = audit::public_keys(&config.data_dir)?;
    let ours = config.data_dir.join("logs").join("checkpoints.jsonl");
    let checkpoints = if ours.exists() { audit::read_checkpoints(&ours)? } else { Vec::new() };
    Ok(Trust::in_checkpoints(checkpoints).and_keys(keys))
}

fn verify_proof(file: &Path, args: &Args, config: &Config) -> Outcome {
    let text = std::fs::read_to_string(file)?;
    let proof: Proof = serde_json::from_str(&text)?;
    let keys = match &args.checkpoint {
        Some(file) => {
            audit::read_checkpoints(file)?.into_iter().map(|point| point.public_key).collect()
        }
        None => audit::public_keys(&config.data_dir)?,
    };
    proof
        .verify(&keys)
        .map_err(|wrong| Failure::new(format!("the proof does not hold: {wrong}")))?;
    table::line("The proof holds.")?;
    Ok(ExitCode::SUCCESS)
}

fn tell(report: &VerifyReport) -> std::io::Result<()> {
    table::line(&format!(
        "{} entries under {} seals; {} not sealed yet, {} not numbered yet.",
        report.entries, report.seals, report.unsealed, report.waiting
    ))?;
    for problem in &report.problems {
        table::line(&format!("    {problem}"))?;
    }
    let verdict = match report.problems_total {
        0 if report.unsealed + report.waiting > 0 => {
            "Nothing under a seal was changed; no seal vouches yet for the others.".to_owned()
        }
        0 => "Nothing was changed.".to_owned(),
        wrong => format!("{wrong} problems: the journal is not what was sealed."),
    };
    table::line(&verdict)
}
