//! What a person of the desk is. No I/O.

use crate::kernel::{StaffId, Timestamp, words};

words! {
    /// What a person of the desk is there for.
    Role {
        /// Everything, people and keys as well.
        Owner = "owner",
        /// Orders, products and stock.
        Clerk = "clerk",
        /// Looking at everything but people's addresses, changing nothing.
        Auditor = "auditor",
    }
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Clerk, Self::Auditor];
}

/// A person of the desk.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who.
    pub id: StaffId,
    /// What the person signs in as.
    pub login: String,
    /// What the person is called.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// Whether a password was ever set.
    pub has_password: bool,
    /// Since when the person may not sign in.
    pub disabled_at: Option<Timestamp>,
    /// Since when the person is known.
    pub created_at: Timestamp,
}

/// A name to sign in as, as it is stored: without a difference between large and small letters.
/// `None` when it can be nobody's.
pub(super) fn login(text: &str) -> Option<String> {
    let login = text.trim().to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
    ((1..=64).contains(&login.len()) && login.bytes().all(plain)).then_some(login)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_the_same_in_large_and_small_letters() {
        assert_eq!(login(" Ada.L@example.com "), Some("ada.l@example.com".into()));
        for other in ["", "a b", "a/b", "ä", &"x".repeat(65)] {
            assert_eq!(login(other), None, "{other}");
        }
    }
}
