//! Changing one's own password.

use tracing::instrument;

use super::browser::{self, Browser};
use super::error::StaffRefusal;
use super::gate::StaffGate;
use super::model::Person;
use super::password;
use super::session::{self, SignedIn};
use super::{store, throttle};
use crate::audit::{self, Entry, Subject};
use crate::error::Error;
use crate::kernel::{Origin, Secret};

impl StaffGate {
    /// Changes the password of a person who is signed in and knows the one of before. All sessions
    /// end, and a new one begins.
    ///
    /// # Errors
    /// [`StaffRefusal::WrongPassword`], [`StaffRefusal::TooMany`], and what the rules for passwords
    /// refuse.
    #[instrument(name = "identity.change_password", skip_all, fields(app.module = "identity"))]
    pub async fn change_password(
        &self,
        origin: &Origin,
        person: Person,
        before: Secret<String>,
        password: Secret<String>,
        browser: Browser,
    ) -> Result<SignedIn, Error> {
        password::check(&password, &person.login)?;
        let (id, login, known) = (person.id, person.login.clone(), browser.known.clone());
        let (counted, hash) = self
            .db
            .write(origin, move |tx| {
                let now = tx.now();
                let counted = browser::counted_by(tx.conn(), known.as_ref(), id, now)?;
                let counted = counted.unwrap_or_else(|| login.clone());
                throttle::count(tx, &counted)?;
                let found = store::by_login(tx.conn(), &login)?;
                Ok((counted, found.and_then(|(_, hash)| hash)))
            })
            .await?;
        let right = self.passwords.verify(before, hash.clone()).await?;
        let Some(verified) = hash.filter(|_| right) else {
            tracing::warn!(
                target: "docket::security",
                reason = "wrong_password",
                staff.id = %person.id,
                "changing a password refused"
            );
            return Err(StaffRefusal::WrongPassword.into());
        };
        let hash = self.passwords.hash(password).await?;
        self.db
            .write(origin, move |tx| {
                // Somebody else may have changed it meanwhile, by a link.
                if !store::hold_with_password(tx, person.id, &verified)? {
                    return Err(StaffRefusal::WrongPassword.into());
                }
                store::set_password(tx, person.id, &hash)?;
                session::end_all(tx, person.id)?;
                store::forget_browsers(tx, person.id)?;
                throttle::forget(tx, &counted)?;
                audit::record(tx, Entry::new("staff.password_set", Subject::Staff(person.id)))?;
                let token = session::open(tx, person.id)?;
                let browser = browser::remember(tx, browser.known.as_ref(), person.id)?;
                Ok(SignedIn { person: person.clone(), token, browser })
            })
            .await
    }
}
