//! `docket import`: products with their prices and opening stock from a file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use indicatif::ProgressBar;

use super::failure::{Failure, Outcome};
use super::{context, input, table};
use crate::catalog::{ProductRow, ProductRows, PutCounts, RowError};
use crate::db::Db;
use crate::inventory;
use crate::kernel::Stopwatch;

/// Rows of one transaction: small enough that a running server hardly waits for it.
const CHUNK: usize = 1_000;

#[derive(Subcommand)]
pub(super) enum What {
    /// Products from comma-separated values, packed with gzip or not.
    ///
    /// The first line names the columns, in any order: sku, name, price_minor, currency, and where
    /// wanted department, category, brand, package_size, on_hand. A product that exists is
    /// replaced, as a PUT would. Stock is set only for products whose stock never moved.
    Products(Products),
}

#[derive(clap::Args)]
pub(super) struct Products {
    /// The file.
    file: PathBuf,
    /// Stop at the first bad row instead of reporting it and going on.
    #[arg(long)]
    strict: bool,
}

pub(super) async fn run(what: What, config: Option<&Path>) -> Outcome {
    let What::Products(args) = what;
    let took = Stopwatch::start();
    let input = input::open(&args.file)?;
    let rows = ProductRows::new(input.reader)?;
    let config = context::load(config)?;
    let db = context::open(&config)?;
    let mut import = Import { db, bar: input.bar, counts: Counts::default() };
    let read = import.all(rows, args.strict).await;
    import.bar.finish_and_clear();
    table::line(&import.counts.summary(took.elapsed().as_secs_f64()))?;
    context::close(import.db, &config).await?;
    read.map(|()| ExitCode::SUCCESS)
}

/// What became of the rows.
#[derive(Default)]
struct Counts {
    products: PutCounts,
    stocked: usize,
    bad: usize,
}

impl Counts {
    fn summary(&self, seconds: f64) -> String {
        let PutCounts { created, changed, unchanged } = self.products;
        format!(
            "{} products: {created} created, {changed} changed, {unchanged} unchanged, {} with \
             opening stock, {} bad rows, {seconds:.1} s",
            created + changed + unchanged,
            self.stocked,
            self.bad,
        )
    }
}

struct Import {
    db: Db,
    bar: ProgressBar,
    counts: Counts,
}

impl Import {
    /// Imports chunk by chunk. What stops it comes after all rows before it are in.
    async fn all(
        &mut self,
        rows: impl Iterator<Item = Result<ProductRow, RowError>>,
        strict: bool,
    ) -> Result<(), Failure> {
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut stopped = Ok(());
        for row in rows {
            match row {
                Ok(row) => chunk.push(row),
                Err(RowError::Bad { line, reason }) => {
                    self.report(line, &reason);
                    if strict {
                        stopped = Err(Failure::new("stopped at a bad row, as --strict says"));
                        break;
                    }
                }
                Err(unreadable) => {
                    stopped = Err(unreadable.into());
                    break;
                }
            }
            if chunk.len() == CHUNK {
                self.chunk(std::mem::take(&mut chunk)).await?;
            }
        }
        self.chunk(chunk).await?;
        stopped
    }

    fn report(&mut self, line: u64, reason: &str) {
        self.counts.bad += 1;
        self.bar.suspend(|| eprintln!("line {line}: {reason}"));
    }

    async fn chunk(&mut self, rows: Vec<ProductRow>) -> Result<(), Failure> {
        let work = move |tx: &mut crate::db::WriteTx<'_>| inventory::import_rows(tx, &rows);
        let (counts, stocked) = self.db.write(&context::origin(), work).await?;
        self.counts.products.created += counts.created;
        self.counts.products.changed += counts.changed;
        self.counts.products.unchanged += counts.unchanged;
        self.counts.stocked += stocked;
        Ok(())
    }
}
