//! The test gateway: cards by token, and a record of its own of what it did, as a real one has.
//!
//! The record is written apart from our payments, so that the two can be compared, and ahead of
//! them: an outcome that we hold is always on its record, whenever the power goes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Answer, Gateway, GatewayFailure, Request, store};
use crate::db::Db;
use crate::http::Waiting;
use crate::kernel::{Actor, OperationId, Origin};
use crate::payments::model::OperationKind;

/// Cards of the test gateway; the tokens that are not named here are declined as `invalid_token`.
const TOKENS: [(&str, &str, Manner); 5] = [
    ("tok_visa", APPROVED, Manner::AtOnce),
    ("tok_chargeDeclined", "card_declined", Manner::AtOnce),
    ("tok_chargeDeclinedInsufficientFunds", "insufficient_funds", Manner::AtOnce),
    ("tok_slow", APPROVED, Manner::Slowly),
    ("tok_timeout", APPROVED, Manner::Silently),
];

const APPROVED: &str = "approved";
const SLOW: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, PartialEq)]
enum Manner {
    AtOnce,
    /// After 3 s.
    Slowly,
    /// It acts, but the answer never arrives.
    Silently,
}

/// The test gateway.
pub struct TestGateway {
    db: Arc<Db>,
}

impl TestGateway {
    /// Its name.
    pub const NAME: &'static str = "test";

    /// The cards that it knows, by their tokens.
    pub const CARDS: [&'static str; 5] =
        [TOKENS[0].0, TOKENS[1].0, TOKENS[2].0, TOKENS[3].0, TOKENS[4].0];

    /// A gateway whose record is in this database.
    #[must_use]
    pub fn new(db: Arc<Db>) -> Self {
        Self { db }
    }
}

fn behaviour(request: &Request) -> (&'static str, Manner) {
    if request.kind != OperationKind::Authorize {
        return (APPROVED, Manner::AtOnce);
    }
    let token = request.token.as_ref().map(|token| token.expose().as_str());
    let known = TOKENS.iter().find(|(name, ..)| Some(*name) == token);
    known.map_or(("invalid_token", Manner::AtOnce), |(_, outcome, manner)| (*outcome, *manner))
}

/// The answer that a recorded outcome stands for.
fn answer(id: OperationId, outcome: &str) -> Answer {
    match outcome {
        APPROVED => Answer::Approved { reference: format!("test_{id}") },
        code => Answer::Declined { code: code.to_owned() },
    }
}

#[async_trait]
impl Gateway for TestGateway {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn execute(&self, request: &Request) -> Result<Answer, GatewayFailure> {
        let (outcome, manner) = behaviour(request);
        if manner == Manner::Slowly {
            let _waiting = Waiting::begin();
            tokio::time::sleep(SLOW).await;
        }
        let (id, request) = (request.id, request.clone());
        let recorded = self
            .db
            .write_ahead(&Origin::of(Actor::System), move |tx| store::record(tx, &request, outcome))
            .await
            .map_err(|failure| GatewayFailure(failure.to_string()))?;
        if manner == Manner::Silently {
            let _waiting = Waiting::begin();
            std::future::pending::<()>().await;
        }
        Ok(answer(id, &recorded))
    }

    async fn look_up(&self, id: OperationId) -> Result<Option<Answer>, GatewayFailure> {
        let recorded = self
            .db
            .read(move |conn| store::recorded(conn, id))
            .await
            .map_err(|failure| GatewayFailure(failure.to_string()))?;
        Ok(recorded.map(|outcome| answer(id, &outcome)))
    }
}
