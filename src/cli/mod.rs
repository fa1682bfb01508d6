//! The command line: one file per subcommand.
//!
//! Must stay true: results go to standard output, everything said to a person along the way to
//! standard error; a command that failed says why in one line and ends with 1, one that was asked
//! wrongly with 2. Commands work on the database itself and are safe beside a running server.

mod audit;
mod backup;
mod check;
mod check_config;
mod context;
mod customers;
mod failure;
mod import;
mod input;
mod keys;
mod logs;
mod migrate;
mod replay;
mod restore;
mod serve;
mod staff;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser, Subcommand};
use rustix::fs::Mode;
use rustix::process::umask;

use crate::telemetry;
use failure::{Failure, Outcome};

/// The order server in one binary.
#[derive(Parser)]
#[command(name = "docket", version)]
struct Cli {
    /// Settings that differ from the defaults; `DOCKET_SECTION__KEY` variables win over it.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    serve: serve::Args,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (the default command).
    Serve(serve::Args),
    /// Bring the database to the schema of this version.
    Migrate,
    /// Check every invariant of the shop; names the rows at fault and ends with 1 if there are any.
    Check,
    /// Read and check the configuration, and say what follows from it.
    CheckConfig,
    /// Bring data into the shop.
    #[command(subcommand)]
    Import(import::What),
    /// Place the orders of a file through the API of a running server, and measure it.
    Replay(replay::Args),
    /// Verify, export and prove the journal.
    #[command(subcommand)]
    Audit(audit::What),
    /// Make, list and revoke API keys.
    #[command(subcommand)]
    Keys(keys::What),
    /// List the people of the desk, and make links for them to set a password by.
    #[command(subcommand)]
    Staff(staff::What),
    /// Find the log lines of a trace or an order, also in rotated files; look for leaked secrets.
    Logs(logs::Args),
    /// Do what a customer asks for.
    #[command(subcommand)]
    Customers(customers::What),
    /// Copy the database (SQLite) to a file, beside a running server.
    Backup(backup::Args),
    /// Put a backup (SQLite) in the place of the database.
    Restore(restore::Args),
}

impl Command {
    async fn run(self, config: Option<&Path>) -> Outcome {
        match self {
            Self::Serve(args) => serve::run(&args, config).await,
            Self::Migrate => migrate::run(config),
            Self::Check => check::run(config).await,
            Self::CheckConfig => check_config::run(config),
            Self::Import(what) => import::run(what, config).await,
            Self::Replay(args) => replay::run(args).await,
            Self::Audit(what) => audit::run(what, config).await,
            Self::Keys(what) => keys::run(what, config).await,
            Self::Staff(what) => staff::run(what, config).await,
            Self::Logs(args) => logs::run(&args, config).await,
            Self::Customers(what) => customers::run(what, config).await,
            Self::Backup(args) => backup::run(&args, config),
            Self::Restore(args) => restore::run(&args, config),
        }
    }
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    keep_new_files_from_others();
    keep_pages_small();
    let command = Cli::try_parse().and_then(|cli| {
        let config = cli.config.clone();
        chosen(cli).map(|command| (command, config))
    });
    match command {
        Ok((command, config)) => execute(command, config.as_deref()),
        Err(message) => {
            let _ = message.print();
            ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(2))
        }
    }
}

/// The database has people's names, the logs what they did: files that are made from now on are for
/// their owner and group at most, or as little as the process was told.
fn keep_new_files_from_others() {
    let told = umask(Mode::all());
    umask(told | Mode::RWXO | Mode::WGRP);
}

/// Of huge pages, what is freed between what is used stays taken: a third more memory under load.
fn keep_pages_small() {
    // Where that is refused, the server takes more memory, and nothing else changes.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// Without a subcommand the server runs; its flags belong to no other one.
fn chosen(cli: Cli) -> Result<Command, clap::Error> {
    match cli.command {
        None => Ok(Command::Serve(cli.serve)),
        Some(Command::Serve(args)) => Ok(Command::Serve(args.or(cli.serve))),
        Some(_) if cli.serve.is_given() => Err(Cli::command()
            .error(clap::error::ErrorKind::ArgumentConflict, "--demo is for `docket serve` only")),
        Some(command) => Ok(command),
    }
}

fn execute(command: Command, config: Option<&Path>) -> ExitCode {
    let outcome = start(&command).and_then(|runtime| {
        let outcome = runtime.block_on(command.run(config));
        // A read that is still under way holds nothing that must be kept.
        runtime.shutdown_timeout(Duration::from_millis(500));
        outcome
    });
    outcome.unwrap_or_else(Failure::tell)
}

/// The runtime of the process. Commands tell warnings only; the server starts a telemetry of its
/// own.
fn start(command: &Command) -> Result<tokio::runtime::Runtime, Failure> {
    if !matches!(command, Command::Serve(_)) {
        telemetry::start_for_command()?;
    }
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serving_is_the_default_and_its_flags_are_its_own() {
        let parse = |arguments: &[&str]| chosen(Cli::try_parse_from(arguments).unwrap());
        assert!(matches!(parse(&["docket"]), Ok(Command::Serve(args)) if !args.is_given()));
        assert!(
            matches!(parse(&["docket", "--demo"]), Ok(Command::Serve(args)) if args.is_given())
        );
        let both = parse(&["docket", "serve", "--demo", "--config", "x"]);
        assert!(matches!(both, Ok(Command::Serve(args)) if args.is_given()));
        assert!(parse(&["docket", "--demo", "migrate"]).is_err());
    }
}
