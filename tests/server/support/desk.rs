//! People at the desk.

use docket::identity::{self, Role};

use super::app::TestApp;
use super::client::Answer;
use super::visitor::{Visitor, between};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

impl TestApp {
    /// A new person of this role, who has set a password and is signed in. Signs in as the role.
    pub async fn at_desk(&self, role: Role) -> Visitor {
        self.person(role.as_str(), role).await
    }

    /// A new person, signed in.
    pub async fn person(&self, login: &str, role: Role) -> Visitor {
        let name = login.to_owned();
        let invite =
            move |tx: &mut docket::db::WriteTx<'_>| identity::invite(tx, &name, Some(role));
        let invited = self.at_command_line(invite).await;
        let visitor = self.visitor();
        let path = format!("/admin/set-up/{}", invited.token.expose());
        let set = visitor.submit(&path, &[("password", PASSWORD)]).await;
        assert_eq!((set.status, set.header("location")), (303, "/admin"), "{set:?}");
        visitor
    }

    /// The entries of the journal of this kind. On PostgreSQL they are numbered a moment after their
    /// commit: there are all once there come no more.
    pub async fn journal(&self, kind: &str) -> Vec<serde_json::Value> {
        let mut before = Vec::new();
        for _ in 0..40 {
            let found = self.entries(kind).await;
            if !found.is_empty() && found.len() == before.len() {
                return found;
            }
            before = found;
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        before
    }

    async fn entries(&self, kind: &str) -> Vec<serde_json::Value> {
        let page = self.owner().get("/v1/audit?limit=200").await.expect(200);
        let entries = page["data"].as_array().unwrap().iter();
        entries.filter(|entry| entry["type"] == kind).cloned().collect()
    }
}

impl Visitor {
    /// Signs in; the answer.
    pub async fn signs_in(&self, name: &str, password: &str) -> Answer {
        self.submit("/admin/sign-in", &[("name", name), ("password", password)]).await
    }

    /// What the forms of this person's pages carry.
    pub async fn csrf(&self, page: &str) -> String {
        between(&self.page(page).await, "name=\"csrf\" value=\"", "\"").to_owned()
    }

    /// Sends a form of a page of the desk, with the token that the page carries.
    pub async fn acts(&self, page: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf(page).await;
        let mut form = form.to_vec();
        form.push(("csrf", &csrf));
        self.submit(path, &form).await
    }
}
