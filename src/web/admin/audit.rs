//! The journal: looking for entries, and proving one.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path, Query, ServiceConfig, get};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::desk::{Desk, Section};
use super::names::Names;
use super::staff::{Anyone, Staff};
use crate::audit::{self, Filter, JournalEntry, Proof, ProofError, PublicKey, Readings, Subject};
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::http::id_or_not_found;
use crate::kernel::EntryId;
use crate::web::frame::Frame;
use crate::web::page::page;

const SHOWN: usize = 50;

/// Registers the pages, under `/admin`.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/audit", get().to(list))
        .route("/audit/{id}", get().to(show))
        .route("/audit/{id}/proof.json", get().to(download));
}

/// Where the public keys are by which the seals of this shop are known.
#[derive(Debug, Clone)]
pub struct SealKeys(pub PathBuf);

/// What is looked for. Empty is everything.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Looking {
    subject: String,
    actor: String,
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct AuditPage {
    frame: Frame,
    desk: Desk,
    subject: String,
    actor: String,
    entries: Vec<JournalEntry>,
    names: Names,
    next: Option<String>,
}

async fn list(
    staff: Staff<Anyone>,
    looking: Query<Looking>,
    db: Data<Arc<Db>>,
    readings: Data<Arc<Readings>>,
) -> Result<HttpResponse, Error> {
    let Looking { subject, actor, before } = looking.into_inner();
    let (subject, actor) = (short(&subject), short(&actor));
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let filter = Filter { subject: said(&subject), actor: said(&actor) };
    let (mut entries, names) = db
        .read(move |conn| {
            let entries = audit::newest(conn, &filter, before, SHOWN as i64 + 1)?;
            Ok((entries, Names::read(conn)?))
        })
        .await?;
    readings.note(
        Subject::Staff(staff.person.id),
        "journal.read",
        json!({ "filtered": !subject.is_empty() || !actor.is_empty() }),
    );
    let more = entries.len() > SHOWN;
    entries.truncate(SHOWN);
    let next = entries.last().filter(|_| more).map(|last| {
        let place =
            [("subject", subject.as_str()), ("actor", &actor), ("before", &last.seq.to_string())];
        format!("/admin/audit?{}", serde_urlencoded::to_string(place).unwrap_or_default())
    });
    let (frame, desk) = staff.surroundings(Section::Audit);
    page(StatusCode::OK, &AuditPage { frame, desk, subject, actor, entries, names, next })
}

fn short(text: &str) -> String {
    text.trim().chars().take(255).collect()
}

#[derive(Template)]
#[template(path = "admin/entry.html")]
struct EntryPage {
    frame: Frame,
    desk: Desk,
    entry: JournalEntry,
    names: Names,
    before: String,
    after: String,
    /// What proves the entry, and whether it does; or why there is no proof yet.
    proof: Result<(Proof, Result<(), ProofError>), Refusal>,
}

/// Shows an entry, and proves it there and then.
async fn show(
    staff: Staff<Anyone>,
    id: Path<String>,
    db: Data<Arc<Db>>,
    keys: Data<SealKeys>,
    readings: Data<Arc<Readings>>,
) -> Result<HttpResponse, Error> {
    let id: EntryId = id_or_not_found("journal entry", &id)?;
    let (entry, names, proof) = db
        .read(move |conn| {
            let entry =
                audit::entry(conn, id)?.ok_or_else(|| Refusal::not_found("journal entry"))?;
            let proof = match audit::prove(conn, id) {
                Err(Error::Refused(refusal)) => Err(*refusal),
                proof => Ok(proof?),
            };
            Ok((entry, Names::read(conn)?, proof))
        })
        .await?;
    readings.note(Subject::Staff(staff.person.id), "journal.read", json!({ "entry": id }));
    let trusted = trusted(&keys).await?;
    let proof = proof.map(|proof| {
        let holds = proof.verify(&trusted);
        (proof, holds)
    });
    let (frame, desk) = staff.surroundings(Section::Audit);
    let (before, after) = (pretty(&entry.before), pretty(&entry.after));
    page(StatusCode::OK, &EntryPage { frame, desk, entry, names, before, after, proof })
}

impl EntryPage {
    /// From which entry to which the seal goes.
    fn range(&self, proof: &Proof) -> String {
        let (first, last) = (proof.checkpoint.first_seq, proof.checkpoint.last_seq);
        format!("{}–{}", self.frame.number(&first), self.frame.number(&last))
    }
}

type Stored = Option<Box<serde_json::value::RawValue>>;

/// JSON with a line per value.
fn pretty(stored: &Stored) -> String {
    let Some(stored) = stored else { return String::new() };
    let value: Option<serde_json::Value> = serde_json::from_str(stored.get()).ok();
    value
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_else(|| stored.get().to_owned())
}

/// Every key that this data directory ever sealed with.
async fn trusted(keys: &SealKeys) -> Result<Vec<PublicKey>, Error> {
    let place = keys.0.clone();
    let read = tokio::task::spawn_blocking(move || audit::public_keys(&place)).await;
    read.map_err(|failure| Error::internal("reading public keys", failure))?
}

/// The proof as a file, which anybody can check who has the public key.
async fn download(
    staff: Staff<Anyone>,
    id: Path<String>,
    db: Data<Arc<Db>>,
    readings: Data<Arc<Readings>>,
) -> Result<HttpResponse, Error> {
    let id: EntryId = id_or_not_found("journal entry", &id)?;
    let proof = db.read(move |conn| audit::prove(conn, id)).await?;
    readings.note(Subject::Staff(staff.person.id), "journal.read", json!({ "entry": id }));
    let name = format!("attachment; filename=\"proof-{id}.json\"");
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_DISPOSITION, name)).json(proof))
}
