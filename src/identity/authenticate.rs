//! The gate: from a bearer token to a caller, or to a refusal.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::keys::hash;
use super::known::Known;
use super::store::Row;
use crate::audit::{self, Entry, Outcome, Subject};
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::http::{Authenticate, Caller, Scope};
use crate::kernel::{Actor, KeyId, Origin, Secret};
use crate::telemetry::{self, metrics};

/// Authenticates by API key.
pub struct KeyGate {
    db: Arc<Db>,
    known: Known,
}

impl KeyGate {
    /// A gate before this database's keys.
    #[must_use]
    pub fn new(db: Arc<Db>) -> Self {
        Self { db, known: Known::default() }
    }

    /// What is refused to a known key is written down, under the key's name.
    async fn refuse(
        &self,
        key_id: KeyId,
        reason: &'static str,
        scope: Scope,
        endpoint: String,
        mut origin: Origin,
    ) -> Result<(), Error> {
        origin.actor = Actor::Key(key_id);
        tracing::warn!(key.id = %key_id, reason, %scope, "access refused");
        let detail = json!({ "reason": reason, "scope": scope.as_str(), "endpoint": endpoint });
        self.db
            .write(&origin, move |tx| {
                let entry = Entry::new("access.refused", Subject::Key(key_id))
                    .outcome(Outcome::Refused)
                    .after(&detail)?;
                audit::record(tx, entry)
            })
            .await
    }
}

#[async_trait]
impl Authenticate for KeyGate {
    #[tracing::instrument(
        name = "identity.authenticate",
        skip_all,
        fields(app.module = "identity")
    )]
    async fn authenticate(
        &self,
        bearer: Option<Secret<String>>,
        scope: Scope,
        endpoint: String,
        origin: Origin,
    ) -> Result<Caller, Error> {
        let Some(bearer) = bearer else { return Err(anonymous("no API key")) };
        let found = self.known.find(&self.db, hash(bearer.expose())).await?;
        let Some(row) = found else { return Err(anonymous("an unknown API key")) };
        let key_id: KeyId =
            row.id.parse().map_err(|failure| Error::internal("reading a key", failure))?;
        match verdict(&row, scope) {
            Ok(()) => {
                telemetry::made_by(&Actor::Key(key_id));
                Ok(Caller { key_id })
            }
            Err((reason, refusal)) => {
                self.refuse(key_id, reason, scope, endpoint, origin).await?;
                Err(refusal.into())
            }
        }
    }
}

fn verdict(row: &Row, scope: Scope) -> Result<(), (&'static str, Refusal)> {
    if row.revoked_at.is_some() {
        return Err(("revoked", unauthenticated("This API key was revoked.")));
    }
    if row.scopes.split(' ').any(|granted| granted == scope.as_str()) {
        return Ok(());
    }
    let detail = format!("This API key does not have the scope `{scope}`.");
    let refusal = Refusal::new(403, "missing_scope", detail).with("scope", scope.as_str());
    Err(("missing_scope", refusal))
}

fn anonymous(what: &'static str) -> Error {
    metrics::anonymous_refusal();
    tracing::warn!(target: "docket::security", reason = what, "access refused");
    unauthenticated("Send a valid API key: `Authorization: Bearer KEY`.").into()
}

fn unauthenticated(detail: &str) -> Refusal {
    Refusal::new(401, "unauthenticated", detail)
}
