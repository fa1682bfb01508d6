//! `docket keys`: API keys.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use super::failure::{Failure, Outcome};
use super::{context, table};
use crate::db::Db;
use crate::http::{Scope, Text};
use crate::identity::{self, KeySummary};
use crate::kernel::KeyId;

#[derive(Subcommand)]
pub(super) enum What {
    /// Make a key. It alone goes to standard output, this once.
    Create {
        /// What its holder is called.
        name: String,
        /// What it may do, several times or separated by commas: orders:read, orders:write,
        /// payments:read, payments:write, catalog:read, catalog:write, inventory:read,
        /// inventory:write, events:read, audit:read, admin.
        #[arg(
            long = "scope",
            value_name = "SCOPE",
            value_delimiter = ',',
            required_unless_present = "all_scopes"
        )]
        scopes: Vec<Scope>,
        /// It may do everything.
        #[arg(long, conflicts_with = "scopes")]
        all_scopes: bool,
    },
    /// List every key; of its text only the last four characters are known.
    List,
    /// Revoke a key for good.
    Revoke {
        /// Its identifier, as `docket keys list` shows it.
        id: KeyId,
    },
}

pub(super) async fn run(what: What, config: Option<&Path>) -> Outcome {
    let config = context::load(config)?;
    let db = context::open(&config)?;
    match what {
        What::Create { name, scopes, all_scopes } => {
            let scopes = if all_scopes { Scope::ALL.to_vec() } else { scopes };
            create(&db, name, scopes).await?;
        }
        What::List => list(&db).await?,
        What::Revoke { id } => revoke(&db, id).await?,
    }
    context::close(db, &config).await?;
    Ok(ExitCode::SUCCESS)
}

async fn create(db: &Db, name: String, scopes: Vec<Scope>) -> Result<(), Failure> {
    let name = Text::<1, 100>::check(name)
        .map_err(|reason| Failure::usage(format!("the name {reason}")))?;
    let work = move |tx: &mut crate::db::WriteTx<'_>| identity::create(tx, name.as_str(), &scopes);
    let key = db.write(&context::origin(), work).await?;
    eprintln!("key {}; keep its text, it is shown this once:", key.id);
    table::line(key.text.expose())?;
    Ok(())
}

async fn list(db: &Db) -> Result<(), Failure> {
    let keys = db.read(identity::list).await?;
    let head = ["ID", "NAME", "LAST 4", "CREATED", "REVOKED", "SCOPES"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(keys.into_iter().map(row)).collect();
    table::print(&rows)?;
    Ok(())
}

fn row(key: KeySummary) -> [String; 6] {
    let revoked = key.revoked_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    let scopes = match key.scopes.len() {
        all if all == Scope::ALL.len() => "all".to_owned(),
        _ => key.scopes.join(" "),
    };
    [key.id, key.name, key.last4, key.created_at.to_string(), revoked, scopes]
}

async fn revoke(db: &Db, id: KeyId) -> Result<(), Failure> {
    db.write(&context::origin(), move |tx| identity::revoke(tx, id)).await?;
    eprintln!("key {id} is revoked");
    Ok(())
}
