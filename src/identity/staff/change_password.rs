//! Changing one's own password.

use tracing::instrument;

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
    ) -> Result<SignedIn, Error> {
        password::check(&password, &person.login)?;
        let login = person.login.clone();
        let known = self
            .db
            .write(origin, move |tx| {
                throttle::count(tx, &login)?;
                store::by_login(tx.conn(), &login)
            })
            .await?;
        let known = known.and_then(|(_, hash)| hash);
        if !self.passwords.verify(before, known.clone()).await? {
            tracing::warn!(
                target: "docket::security",
                reason = "wrong_password",
                staff.id = %person.id,
                "changing a password refused"
            );
            return Err(StaffRefusal::WrongPassword.into());
        }
        let hash = self.passwords.hash(password).await?;
        self.db
            .write(origin, move |tx| {
                // Somebody else may have changed it meanwhile, by a link.
                let now = store::by_login(tx.conn(), &person.login)?.and_then(|(_, hash)| hash);
                if now != known {
                    return Err(StaffRefusal::WrongPassword.into());
                }
                store::set_password(tx, person.id, &hash)?;
                session::end_all(tx, person.id)?;
                throttle::forget(tx, &person.login)?;
                audit::record(tx, Entry::new("staff.password_set", Subject::Staff(person.id)))?;
                let token = session::open(tx, person.id)?;
                Ok(SignedIn { person: person.clone(), token })
            })
            .await
    }
}
