//! Signing in by name and password, and setting the password by a link.

use serde_json::json;
use tracing::instrument;

use super::browser::{self, Browser};
use super::error::StaffRefusal;
use super::gate::StaffGate;
use super::link;
use super::model::{Person, login};
use super::password;
use super::session::{self, SignedIn};
use super::{store, throttle};
use crate::audit::{self, Entry, Outcome, Subject};
use crate::db::WriteTx;
use crate::error::Error;
use crate::kernel::{Actor, Origin, Secret, StaffId, Token};

/// Of what is given as a name, that much is looked at.
const NAME_MAX: usize = 200;

impl StaffGate {
    /// Lets a person in by name and password.
    ///
    /// # Errors
    /// [`StaffRefusal::NotLetIn`], [`StaffRefusal::TooMany`].
    #[instrument(name = "identity.sign_in", skip_all, fields(app.module = "identity"))]
    pub async fn sign_in(
        &self,
        origin: &Origin,
        name: &str,
        password: Secret<String>,
        browser: Browser,
    ) -> Result<SignedIn, Error> {
        let login = login(name);
        let name = login.clone().unwrap_or_else(|| name.chars().take(NAME_MAX).collect());
        let (tried, known) = (name.clone(), browser.known.clone());
        let (counted, known) = self
            .db
            .write(origin, move |tx| attempt(tx, &tried, login.as_deref(), known.as_ref()))
            .await
            .inspect_err(tell_of_throttling)?;
        let hash = known.as_ref().and_then(may_sign_in);
        let right = self.passwords.verify(password, hash.clone()).await?;
        match (known, hash) {
            (Some((person, _)), Some(hash)) if right => {
                self.let_in(origin, person, hash, counted, browser).await
            }
            (known, _) => Err(self.not_let_in(origin, name, known).await?),
        }
    }

    async fn let_in(
        &self,
        origin: &Origin,
        person: Person,
        hash: String,
        counted: String,
        browser: Browser,
    ) -> Result<SignedIn, Error> {
        let origin = Origin { actor: Actor::Staff(person.id), ..origin.clone() };
        self.db
            .write(&origin, move |tx| {
                // The password may have been changed, or the person disabled, meanwhile.
                if !store::hold_with_password(tx, person.id, &hash)? {
                    return Err(StaffRefusal::NotLetIn.into());
                }
                if let Some(old) = &browser.session {
                    session::end(tx, old)?;
                }
                throttle::forget(tx, &counted)?;
                open(tx, person.clone(), browser.known.as_ref())
            })
            .await
    }

    /// Takes as long for a name that nobody has: something is written for it as well.
    async fn not_let_in(
        &self,
        origin: &Origin,
        name: String,
        known: Known,
    ) -> Result<Error, Error> {
        let id = known.as_ref().map(|(person, _)| person.id);
        tracing::warn!(
            target: "docket::security",
            reason = "not_let_in",
            staff.id = id.map(tracing::field::display),
            "signing in refused"
        );
        self.db
            .write(origin, move |tx| match &known {
                Some((person, hash)) => audit::record(tx, refusal(person, hash.as_ref())?),
                None => throttle::note(tx, &name),
            })
            .await?;
        Ok(StaffRefusal::NotLetIn.into())
    }

    /// Sets the password of the person whose link it is, and lets them in. All their other
    /// sessions end, and their other browsers are strangers again.
    ///
    /// # Errors
    /// [`StaffRefusal::LinkOver`], and what the rules for passwords refuse.
    #[instrument(name = "identity.set_password", skip_all, fields(app.module = "identity"))]
    pub async fn set_password(
        &self,
        origin: &Origin,
        token: &Token,
        password: Secret<String>,
        browser: Browser,
    ) -> Result<SignedIn, Error> {
        let person = self.link(token).await?.person;
        password::check(&password, &person.login)?;
        let hash = self.passwords.hash(password).await?;
        let origin = Origin { actor: Actor::Staff(person.id), ..origin.clone() };
        let token = token.clone();
        self.db
            .write(&origin, move |tx| {
                let id = link::use_up(tx, &token)?;
                store::set_password(tx, id, &hash)?;
                session::end_all(tx, id)?;
                store::forget_browsers(tx, id)?;
                throttle::forget(tx, &person.login)?;
                audit::record(tx, Entry::new("staff.password_set", Subject::Staff(id)))?;
                open(tx, person.clone(), browser.known.as_ref())
            })
            .await
    }
}

/// Somebody of the desk with the hash of the password.
type Known = Option<(Person, Option<String>)>;

/// Counts an attempt; answers what it is counted by, and whose name it is.
fn attempt(
    tx: &mut WriteTx<'_>,
    name: &str,
    login: Option<&str>,
    known: Option<&Token>,
) -> Result<(String, Known), Error> {
    let now = tx.now();
    let found = login.map_or(Ok(None), |login| store::by_login(tx.conn(), login))?;
    // For a name that nobody has the same is asked, or the time would tell it.
    let id = found.as_ref().map_or_else(StaffId::generate, |(person, _)| person.id);
    let browser = browser::counted_by(tx.conn(), known, id, now)?;
    let counted = browser.unwrap_or_else(|| name.to_owned());
    throttle::count(tx, &counted)?;
    Ok((counted, found))
}

fn open(tx: &mut WriteTx<'_>, person: Person, known: Option<&Token>) -> Result<SignedIn, Error> {
    let token = session::open(tx, person.id)?;
    let browser = browser::remember(tx, known, person.id)?;
    audit::record(tx, Entry::new("staff.signed_in", Subject::Staff(person.id)))?;
    Ok(SignedIn { person, token, browser })
}

/// The hash of who may sign in.
fn may_sign_in((person, hash): &(Person, Option<String>)) -> Option<String> {
    hash.clone().filter(|_| person.disabled_at.is_none())
}

fn refusal(person: &Person, hash: Option<&String>) -> Result<Entry, Error> {
    let reason = match (person.disabled_at, hash) {
        (Some(_), _) => "disabled",
        (None, None) => "no_password",
        (None, Some(_)) => "wrong_password",
    };
    Entry::new("staff.sign_in_refused", Subject::Staff(person.id))
        .outcome(Outcome::Refused)
        .after(json!({ "reason": reason }))
}

fn tell_of_throttling(error: &Error) {
    if let Error::Refused(refusal) = error {
        tracing::warn!(target: "docket::security", reason = refusal.code, "signing in refused");
    }
}
