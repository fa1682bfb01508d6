//! The manual gateway: invoice and cash. Staff move the money, so whatever they record was done.

use async_trait::async_trait;

use super::{Answer, Gateway, GatewayFailure, Request};
use crate::kernel::OperationId;

/// Invoice and cash.
pub struct ManualGateway;

impl ManualGateway {
    /// Its name.
    pub const NAME: &'static str = "manual";

    /// What it answers to everything, without being asked.
    #[must_use]
    pub fn answer(id: OperationId) -> Answer {
        Answer::Approved { reference: format!("manual_{id}") }
    }
}

#[async_trait]
impl Gateway for ManualGateway {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn execute(&self, request: &Request) -> Result<Answer, GatewayFailure> {
        Ok(Self::answer(request.id))
    }

    async fn look_up(&self, id: OperationId) -> Result<Option<Answer>, GatewayFailure> {
        Ok(Some(Self::answer(id)))
    }
}
