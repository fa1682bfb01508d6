//! The gate before the desk: from a session's token to a person, or to nobody.

use std::sync::Arc;

use serde_json::json;
use tracing::instrument;

use super::link::{self, LinkState};
use super::model::Person;
use super::password::Passwords;
use super::session::{self, Session};
use super::store;
use crate::audit::{self, Entry, Outcome, Subject};
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::kernel::{Actor, Origin, Token};
use crate::telemetry;

/// Lets people in.
pub struct StaffGate {
    pub(super) db: Arc<Db>,
    pub(super) passwords: Passwords,
}

impl StaffGate {
    /// A gate before this database's people.
    #[must_use]
    pub fn new(db: Arc<Db>) -> Self {
        Self { db, passwords: Passwords::default() }
    }

    /// The session of this token, when it is not over.
    ///
    /// # Errors
    /// What the database refuses.
    #[instrument(name = "identity.session", skip_all, fields(app.module = "identity"))]
    pub async fn session(&self, token: &Token, origin: &Origin) -> Result<Option<Session>, Error> {
        let (asked, now) = (token.clone(), self.db.clock().now());
        let found = self.db.read(move |conn| session::find(conn, &asked, now)).await?;
        let Some(found) = found else { return Ok(None) };
        if found.untouched {
            self.touch(token.clone(), origin).await;
        }
        telemetry::made_by(&Actor::Staff(found.session.person.id));
        Ok(Some(found.session))
    }

    /// Whether the session of this token is not over, for who asks without the person doing
    /// anything: it is not kept open by that.
    ///
    /// # Errors
    /// What the database refuses.
    pub async fn is_open(&self, token: &Token) -> Result<bool, Error> {
        let (asked, now) = (token.clone(), self.db.clock().now());
        self.db.read(move |conn| Ok(session::find(conn, &asked, now)?.is_some())).await
    }

    /// Who only looks is let in also while nothing can be written.
    async fn touch(&self, token: Token, origin: &Origin) {
        let hash = token.hash();
        let touched = self.db.write(origin, move |tx| store::touch_session(tx, &hash)).await;
        if let Err(error) = touched {
            tracing::warn!(error = %error, "a session that is used may end early");
        }
    }

    /// Refuses what the person's role may not do; written down under the person's name.
    ///
    /// # Errors
    /// 403 `missing_role`, or what the database refuses.
    pub async fn refuse_role(
        &self,
        person: &Person,
        endpoint: &str,
        mut origin: Origin,
    ) -> Result<Refusal, Error> {
        let (id, role) = (person.id, person.role.as_str());
        origin.actor = Actor::Staff(id);
        tracing::warn!(staff.id = %id, role, reason = "missing_role", "access refused");
        let detail = json!({ "reason": "missing_role", "role": role, "endpoint": endpoint });
        self.db
            .write(&origin, move |tx| {
                let entry = Entry::new("access.refused", Subject::Staff(id))
                    .outcome(Outcome::Refused)
                    .after(&detail)?;
                audit::record(tx, entry)
            })
            .await?;
        let detail = format!("The role {role} may not do this: ask an owner of the shop.");
        Ok(Refusal::new(403, "missing_role", detail).with("role", role))
    }

    /// Whose link this is.
    ///
    /// # Errors
    /// [`super::StaffRefusal::LinkOver`].
    pub async fn link(&self, token: &Token) -> Result<LinkState, Error> {
        let (token, now) = (token.clone(), self.db.clock().now());
        self.db.read(move |conn| link::look(conn, &token, now)).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// What the database refuses.
    #[instrument(name = "identity.sign_out", skip_all, fields(app.module = "identity"))]
    pub async fn sign_out(&self, token: &Token, origin: &Origin) -> Result<(), Error> {
        let token = token.clone();
        self.db
            .write(origin, move |tx| match session::end(tx, &token)? {
                Some(id) => audit::record(tx, Entry::new("staff.signed_out", Subject::Staff(id))),
                None => Ok(()),
            })
            .await
    }
}
