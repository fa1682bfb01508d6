//! Why a person was not let in, or not changed.

use std::time::Duration;

use super::password::{PASSWORD_MAX, PASSWORD_MIN};
use crate::error::Refusal;

/// Every refusal about the people of the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaffRefusal {
    /// The name is not known, the password is not this person's, or the person may not sign in:
    /// which of them is not told.
    NotLetIn,
    /// Too many attempts under this name.
    TooMany {
        /// How long to wait.
        wait: Duration,
    },
    /// A link that was used, ran out, was replaced, or never was.
    LinkOver,
    /// The password has too few or too many characters.
    PasswordLength,
    /// The password is the person's name.
    PasswordIsName,
    /// What was given as the password of before is not.
    WrongPassword,
    /// There is no such person.
    Unknown,
    /// A name to sign in as that cannot be one.
    BadLogin,
    /// Somebody has this name.
    LoginTaken,
    /// No other owner could sign in.
    LastOwner,
    /// The person is not allowed in.
    Disabled,
}

impl From<StaffRefusal> for Refusal {
    fn from(refusal: StaffRefusal) -> Self {
        match refusal {
            StaffRefusal::NotLetIn => {
                let detail = "Name and password do not belong together, or may not sign in.";
                Self::new(401, "not_let_in", detail)
            }
            StaffRefusal::TooMany { wait } => too_many(wait),
            StaffRefusal::LinkOver => Self::new(
                404,
                "link_over",
                "This link was used, has run out, or was replaced by a newer one. Ask an owner of \
                 the shop for a new one, or make one with `docket staff link NAME`.",
            ),
            StaffRefusal::PasswordLength => {
                let detail = format!("must have {PASSWORD_MIN} to {PASSWORD_MAX} characters");
                Self::invalid("password", "out_of_range", detail)
            }
            StaffRefusal::PasswordIsName => {
                Self::invalid("password", "invalid", "must not be the name to sign in as")
            }
            StaffRefusal::WrongPassword => {
                Self::invalid("before", "invalid", "is not the password of before")
            }
            StaffRefusal::Unknown => Self::not_found("person"),
            StaffRefusal::BadLogin => {
                let detail = "must have 1 to 64 letters, digits, dots, hyphens, underscores or @";
                Self::invalid("login", "invalid", detail)
            }
            StaffRefusal::LoginTaken => {
                Self::new(409, "login_taken", "Somebody signs in by this name already.")
            }
            StaffRefusal::LastOwner => Self::new(
                409,
                "last_owner",
                "Nobody else could run the shop: give another person with a password the role \
                 owner first.",
            ),
            StaffRefusal::Disabled => {
                Self::new(409, "disabled", "This person is disabled: an owner enables them first.")
            }
        }
    }
}

fn too_many(wait: Duration) -> Refusal {
    let seconds = wait.as_secs().max(1);
    let detail = format!(
        "There were too many attempts to sign in by this name. Wait {seconds} s, then try again."
    );
    let retry_after_s = u32::try_from(seconds).ok();
    Refusal { retry_after_s, ..Refusal::new(429, "too_many_attempts", detail) }
}
