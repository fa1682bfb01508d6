//! What surrounds every page of the desk, besides what surrounds all pages.

use crate::identity::{Person, Role};
use crate::web::frame::Frame;

/// A part of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Section {
    Start,
    Orders,
    Products,
    Stock,
    Payments,
    Audit,
    Telemetry,
    Keys,
    Staff,
    /// What is a person's own: no part of the shop's.
    Own,
}

impl Section {
    const ALL: [Self; 9] = [
        Self::Start,
        Self::Orders,
        Self::Products,
        Self::Stock,
        Self::Payments,
        Self::Audit,
        Self::Telemetry,
        Self::Keys,
        Self::Staff,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Orders => "orders",
            Self::Products => "products",
            Self::Stock => "stock",
            Self::Payments => "payments",
            Self::Audit => "audit",
            Self::Telemetry => "telemetry",
            Self::Keys => "keys",
            Self::Staff => "staff",
            Self::Own => "own",
        }
    }

    fn is_for(self, role: Role) -> bool {
        !matches!(self, Self::Keys | Self::Staff) || role == Role::Owner
    }
}

/// A way to a part of the desk.
pub(in crate::web) struct Way {
    name: &'static str,
    /// Whether the page belongs to it.
    pub(in crate::web) is_here: bool,
}

impl Way {
    /// Its address.
    pub(in crate::web) fn address(&self) -> String {
        match self.name {
            "start" => "/admin".to_owned(),
            name => format!("/admin/{name}"),
        }
    }

    /// The key of what it is called.
    pub(in crate::web) fn key(&self) -> String {
        format!("desk.sections.{}", self.name)
    }
}

/// The surroundings of a page of the desk. Templates write through it.
pub(in crate::web) struct Desk {
    /// What the person is called.
    pub(in crate::web) name: String,
    /// What the person is there for.
    pub(in crate::web) role: Role,
    /// What every form carries as its hidden field `csrf`.
    pub(in crate::web) csrf: String,
    /// Where the person may go.
    pub(in crate::web) ways: Vec<Way>,
}

impl Desk {
    pub(super) fn of(person: &Person, csrf: &str, here: Section) -> Self {
        let allowed = Section::ALL.into_iter().filter(|section| section.is_for(person.role));
        let ways =
            allowed.map(|section| Way { name: section.name(), is_here: section == here }).collect();
        Self { name: person.name.clone(), role: person.role, csrf: csrf.to_owned(), ways }
    }

    /// What the role is called, unless the person is called so as well.
    pub(in crate::web) fn role_beside(&self, frame: &Frame) -> Option<String> {
        let word = self.role.as_str();
        let role = frame.t(&format!("desk.roles.{word}")).to_owned();
        let named = [word, role.as_str()].iter().any(|word| self.name.eq_ignore_ascii_case(word));
        (!named).then_some(role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::texts::Texts;

    #[test]
    fn every_section_and_role_has_a_name() {
        let texts = Texts::of("en");
        for section in Section::ALL {
            assert!(texts.has(&Way { name: section.name(), is_here: true }.key()), "{section:?}");
        }
        for role in Role::ALL {
            assert!(texts.has(&format!("desk.roles.{}", role.as_str())), "{role:?}");
        }
    }

    #[test]
    fn people_and_keys_are_for_owners() {
        assert!(Section::ALL.iter().all(|section| section.is_for(Role::Owner)));
        for role in [Role::Clerk, Role::Auditor] {
            assert!(!Section::Keys.is_for(role) && !Section::Staff.is_for(role));
            assert!(Section::Orders.is_for(role) && Section::Audit.is_for(role));
        }
    }
}
