//! The journal over HTTP: reading it, and proofs.

use std::sync::Arc;

use actix_web::{get, web};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::entry::Subject;
use super::prove::{Proof, prove};
use super::read::{Filter, JournalEntry, read_after};
use super::readings::Readings;
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::http::{self, Call, Feed, Params, Problem, Reply, Text, scopes};

/// Adds the routes of this room.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_entries).service(prove_entry);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only entries about this: `order:01938f2e-…`, `product:1095275`.
    subject: Option<String>,
    /// Only entries by this one: `key:01938f2e-…`, `cli`, `job:settlement`.
    actor: Option<String>,
    /// Only entries with a greater sequence number.
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<String>,
    /// At most this many entries, 50 unless said otherwise.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// Reads the journal
///
/// Oldest first, by the gap-free sequence. Pass `next_after` as `after` to go on. Who reads is
/// itself on record: once an hour the journal gets a `journal.read` for each key and filter.
#[utoipa::path(
    tag = "audit",
    params(ListQuery),
    responses(
        (status = 200, description = "The entries after `after`", body = Feed<JournalEntry>),
        (status = 401, description = "No valid API key", body = Problem),
        (status = 403, description = "The key lacks the scope `audit:read`", body = Problem),
        (status = 422, description = "A parameter is unknown or wrong", body = Problem),
    ),
    security(("api_key" = ["audit:read"])),
)]
#[get("/v1/audit")]
async fn list_entries(
    call: Call<scopes::AuditRead>,
    params: Params<ListQuery>,
    db: web::Data<Arc<Db>>,
    readings: web::Data<Arc<Readings>>,
) -> Result<Reply, Error> {
    let ListQuery { subject, actor, after, limit } = params.read()?;
    let filter = Filter { subject: text("subject", subject)?, actor: text("actor", actor)? };
    let after = http::read_after(after.as_deref())?;
    let limit = http::read_limit(limit.as_deref())?;
    let what = json!({
        "subject": filter.subject.as_deref().map(as_noted),
        "actor": filter.actor.as_deref().map(as_noted),
    });
    let data = db.read(move |conn| read_after(conn, &filter, after, limit)).await?;
    readings.note(Subject::Key(call.caller.key_id), "journal.read", what);
    let next_after = data.last().map_or(after, |last| last.seq);
    Reply::json(200, &Feed { data, next_after })
}

/// What is put on record of a filter: names of the journal's own forms, and no free words, which
/// might be about a person and could never be erased.
fn as_noted(name: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let (kind, id) = name.split_once(':').unwrap_or((name, ""));
    let known = match id {
        "" => ["cli", "system", "server"].contains(&kind),
        _ => ["order", "payment", "product", "stock", "customer", "key", "job"].contains(&kind),
    };
    if known && id.len() <= 64 && id.bytes().all(plain) { name } else { "other" }
}

fn text(field: &str, value: Option<String>) -> Result<Option<String>, Refusal> {
    let check = |value| Text::<1, 255>::check(value).map(Text::into_string);
    let checked = value.map(check).transpose();
    checked.map_err(|detail| Refusal::invalid(field, "invalid", detail))
}

/// Proves one entry
///
/// The answer shows, together with the public key of its checkpoint and nothing else, that the
/// entry was in the journal as it is here when the checkpoint was signed.
#[utoipa::path(
    tag = "audit",
    params(("id" = String, Path, description = "The entry's identifier")),
    responses(
        (status = 200, description = "The entry with its proof", body = Proof),
        (status = 401, description = "No valid API key", body = Problem),
        (status = 403, description = "The key lacks the scope `audit:read`", body = Problem),
        (status = 404, description = "There is no such entry", body = Problem),
        (
            status = 409,
            description = "`not_sealed_yet`: try again in a second; `seal_broken`: the journal \
                           was tampered with",
            body = Problem,
        ),
    ),
    security(("api_key" = ["audit:read"])),
)]
#[get("/v1/audit/{id}/proof")]
async fn prove_entry(
    call: Call<scopes::AuditRead>,
    id: web::Path<String>,
    db: web::Data<Arc<Db>>,
    readings: web::Data<Arc<Readings>>,
) -> Result<Reply, Error> {
    let id = http::id_or_not_found("journal entry", &id)?;
    let what = json!({ "entry": id });
    let proof = db.read(move |conn| prove(conn, id)).await?;
    readings.note(Subject::Key(call.caller.key_id), "journal.read", what);
    Reply::json(200, &proof)
}
