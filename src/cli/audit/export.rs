//! `docket audit export`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::audit;
use crate::cli::context;
use crate::cli::failure::Outcome;

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// Every entry of the journal, instead of its checkpoints.
    #[arg(long)]
    entries: bool,
    /// Only what comes after this entry's sequence number, or this checkpoint's number.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: i64,
    /// Where to; standard output when not said.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) async fn run(args: Args, config: Option<&Path>) -> Outcome {
    let db = context::open_existing(&context::load(config)?)?;
    let mut out: Box<dyn Write> = match &args.file {
        Some(file) => Box::new(std::io::BufWriter::new(std::fs::File::create_new(file)?)),
        None => Box::new(std::io::stdout()),
    };
    let written = match args.entries {
        true => audit::export(&db, args.after, &mut out).await?,
        false => audit::export_checkpoints(&db, args.after, &mut out).await?,
    };
    out.flush()?;
    db.close().await;
    let what = if args.entries { "entries" } else { "checkpoints" };
    eprintln!("{written} {what} exported");
    Ok(ExitCode::SUCCESS)
}
