//! `docket staff`: the people of the desk.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use super::failure::{Failure, Outcome};
use super::{context, table};
use crate::config::Config;
use crate::db::Db;
use crate::identity::{self, LINK_HOURS, Person, Role};
use crate::web;

#[derive(Subcommand)]
pub(super) enum What {
    /// List everybody who works at the desk.
    List,
    /// Make a link to set a password by, for who is locked out or is new. It alone goes to
    /// standard output, this once; links made before are over.
    Link {
        /// What the person signs in as.
        name: String,
        /// The person's role: owner, clerk or auditor. Who is new needs one.
        #[arg(long, value_parser = role)]
        role: Option<Role>,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_word(text).ok_or_else(|| "the roles are owner, clerk and auditor".to_owned())
}

pub(super) async fn run(what: What, config: Option<&Path>) -> Outcome {
    let config = context::load(config)?;
    let db = context::open(&config)?;
    match what {
        What::List => list(&db).await?,
        What::Link { name, role } => link(&db, &config, name, role).await?,
    }
    context::close(db, &config).await?;
    Ok(ExitCode::SUCCESS)
}

async fn list(db: &Db) -> Result<(), Failure> {
    let people = db.read(identity::people).await?;
    let head = ["ID", "SIGNS IN AS", "NAME", "ROLE", "STATE"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(people.into_iter().map(row)).collect();
    table::print(&rows)?;
    Ok(())
}

fn row(person: Person) -> [String; 5] {
    let state = match (person.disabled_at, person.has_password) {
        (Some(at), _) => format!("disabled {at}"),
        (None, true) => "works".to_owned(),
        (None, false) => "has no password yet".to_owned(),
    };
    let role = person.role.as_str().to_owned();
    [person.id.to_string(), person.login, person.name, role, state]
}

async fn link(db: &Db, config: &Config, name: String, role: Option<Role>) -> Result<(), Failure> {
    let work = move |tx: &mut crate::db::WriteTx<'_>| identity::invite(tx, &name, role);
    let invited = db.write(&context::origin(), work).await?;
    eprintln!("a link for {}, valid {LINK_HOURS} h and once:", invited.login);
    let host = format!("{}:{}", config.server.host, config.server.port);
    table::line(&web::set_up_address(&host, &invited.token))?;
    Ok(())
}
