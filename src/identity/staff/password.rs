//! Passwords: Argon2id with the parameters that OWASP recommends (19 MiB, 2 passes, 1 lane).

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tracing::instrument;

use super::error::StaffRefusal;
use crate::error::Error;
use crate::kernel::{Secret, random_bytes};

/// Characters of a password at least (NIST SP 800-63B asks for length, not for kinds of letters).
pub const PASSWORD_MIN: usize = 12;
/// Characters of a password at most.
pub(super) const PASSWORD_MAX: usize = 200;

/// Passwords that are worked on at once: each takes 19 MiB for a moment.
const AT_ONCE: usize = 2;
/// One more is refused at once.
const WAITING_MOST: usize = 8;
const CROWD: &str = "Too many sign in at this moment; try again shortly.";
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Nobody's: who gives an unknown name waits as long as who gives a known one.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cy1zYWx0LTAwMA\
    $Zm9yZ290dGVuLWJ5LWV2ZXJ5Ym9keS1mb3ItZXZlcjA";

/// Works on passwords, away from the threads that answer requests.
#[derive(Debug, Clone)]
pub(super) struct Passwords {
    turns: Arc<Semaphore>,
    /// For those at work and those that wait: anybody may ask, and nobody may fill the server.
    places: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        Self { turns, places: Arc::new(Semaphore::new(AT_ONCE + WAITING_MOST)) }
    }
}

impl Passwords {
    /// Whether this is the password of the hash; without one it never is, and takes as long.
    #[instrument(name = "identity.verify_password", skip_all, fields(app.module = "identity"))]
    pub(super) async fn verify(
        &self,
        password: Secret<String>,
        hash: Option<String>,
    ) -> Result<bool, Error> {
        self.run(move || {
            let against = hash.as_deref().unwrap_or(NOBODYS);
            let verified = hasher()?.verify_password(password.expose().as_bytes(), against);
            Ok(verified.is_ok() && hash.is_some())
        })
        .await
    }

    /// What is stored of a password.
    #[instrument(name = "identity.hash_password", skip_all, fields(app.module = "identity"))]
    pub(super) async fn hash(&self, password: Secret<String>) -> Result<String, Error> {
        self.run(move || {
            let salt = random_bytes::<16>();
            let hashed = hasher()?.hash_password_with_salt(password.expose().as_bytes(), &salt);
            hashed.map(|hash| hash.to_string()).map_err(failed)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let _place = self.places.try_acquire().map_err(|_| Error::Unavailable(CROWD))?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(failed)?;
        let done = tokio::task::spawn_blocking(move || {
            // Until the work ends, not until its caller stops waiting: memory is what is bounded.
            let _turn = turn;
            work()
        });
        done.await.map_err(failed)?
    }
}

fn hasher() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(failure: impl std::fmt::Display) -> Error {
    Error::internal("working on a password", failure.to_string())
}

/// The rules for a new password.
///
/// # Errors
/// [`StaffRefusal::PasswordLength`], [`StaffRefusal::PasswordIsName`].
pub(super) fn check(password: &Secret<String>, login: &str) -> Result<(), StaffRefusal> {
    let text = password.expose();
    if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&text.chars().count()) {
        return Err(StaffRefusal::PasswordLength);
    }
    if text.trim().eq_ignore_ascii_case(login) {
        return Err(StaffRefusal::PasswordIsName);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_password_itself_is_right() {
        let passwords = Passwords::default();
        let hash = passwords.hash(secret("a long password")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(secret("a long password"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(secret("a long passwords"), Some(hash)).await.unwrap());
        assert!(!passwords.verify(secret(""), None).await.unwrap());
    }

    #[test]
    fn nobodys_hash_is_worked_on_like_a_real_one() {
        let hash = argon2::password_hash::phc::PasswordHash::new(NOBODYS).unwrap();
        let real = hasher().unwrap().hash_password_with_salt(b"x", &[0; 16]).unwrap();
        assert_eq!((hash.algorithm, &hash.params), (real.algorithm, &real.params));
        assert_eq!(hash.hash.unwrap().len(), real.hash.unwrap().len());
    }

    #[test]
    fn a_new_password_is_long_and_not_the_name() {
        assert_eq!(check(&secret("short"), "ada"), Err(StaffRefusal::PasswordLength));
        assert_eq!(
            check(&secret("Ada.Lovelace"), "ada.lovelace"),
            Err(StaffRefusal::PasswordIsName)
        );
        assert_eq!(check(&secret(&"é".repeat(12)), "ada"), Ok(()));
    }
}
