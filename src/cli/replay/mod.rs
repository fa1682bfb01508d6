//! `docket replay`: the orders of a file, placed through the API as a client should.
//!
//! Must stay true: an order's body and idempotency key depend on the file and the arguments alone,
//! so that a second run, or a second try, cannot place an order twice.

mod acknowledged;
mod client;
mod orders;
mod tally;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::failure::{Failure, Outcome};
use super::{input, table};
use crate::kernel::{Currency, Secret, Stopwatch};
use acknowledged::Acknowledged;
use client::Client;
use orders::{Orders, Terms};
use tally::Tally;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Orders, one JSON object a line, packed with gzip or not.
    file: PathBuf,
    /// The server, like http://127.0.0.1:8080.
    #[arg(long)]
    url: String,
    /// A key with the scope orders:write.
    #[arg(
        long, env = "DOCKET_AUTH__BOOTSTRAP_API_KEY", hide_env_values = true, value_parser = secret
    )]
    api_key: Secret<String>,
    /// Orders under way at once.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    concurrency: u16,
    /// The currency of every order.
    #[arg(long, default_value = "USD")]
    currency: Currency,
    /// Stop after so many orders.
    #[arg(long)]
    limit: Option<u64>,
    /// How every order is paid.
    #[arg(long, value_enum, default_value_t = Payment::Card)]
    payment: Payment,
    /// The card that is paid with.
    #[arg(long, default_value = "tok_visa")]
    token: String,
    /// Pay every Nth order with a card that is declined.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    declined_every: Option<u64>,
    /// Pay every Nth order with a card whose answer never comes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    timeout_every: Option<u64>,
    /// Part of every idempotency key: another text places the orders anew.
    #[arg(long, default_value = "", value_name = "TEXT")]
    key_prefix: String,
    /// Add one line of JSON for every final answer to this file.
    #[arg(long, value_name = "FILE")]
    acknowledged: Option<PathBuf>,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Payment {
    /// By card, through the gateway.
    Card,
    /// By invoice or in cash.
    Manual,
}

#[expect(clippy::unnecessary_wraps, reason = "clap wants a parser that can fail")]
fn secret(text: &str) -> Result<Secret<String>, std::convert::Infallible> {
    Ok(Secret::new(text.to_owned()))
}

impl Args {
    fn terms(&self) -> Terms {
        Terms {
            currency: self.currency,
            token: (self.payment == Payment::Card).then(|| self.token.clone()),
            declined_every: self.declined_every,
            timeout_every: self.timeout_every,
            key_prefix: self.key_prefix.clone(),
        }
    }
}

pub(super) async fn run(args: Args) -> Outcome {
    let by_card = args.payment == Payment::Card;
    if !by_card && (args.declined_every.is_some() || args.timeout_every.is_some()) {
        return Err(Failure::usage("--declined-every and --timeout-every need --payment card"));
    }
    let client = Client::new(&args.url, args.api_key.clone())?;
    let input = input::open(&args.file)?;
    let mut acknowledged = Acknowledged::open(args.acknowledged.as_deref())?;
    let limit = args.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let orders = Orders::new(input.reader, args.terms()).take(limit);
    let mut tally = Tally::default();
    let took = Stopwatch::start();
    let mut answers = stream::iter(orders)
        .take_until(Box::pin(tokio::signal::ctrl_c()))
        .map_ok(|order| {
            let placing = tokio::spawn(client.clone().place(order));
            async move { placing.await.map_err(|lost| Failure::new(lost.to_string())) }
        })
        .try_buffer_unordered(usize::from(args.concurrency));
    while let Some(answer) = answers.try_next().await? {
        acknowledged.write(&answer)?;
        tally.add(&answer);
        input.bar.set_message(tally.progress(took.elapsed()));
    }
    input.bar.finish_and_clear();
    let result = tally.result(took.elapsed());
    table::line(&if args.json { result.json()? } else { result.table() })?;
    Ok(if result.as_expected() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
