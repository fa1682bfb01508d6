//! What `/readyz` looks at: whether the database reads and writes, really.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tracing::{Instrument, info_span};

use crate::db::{Db, Statement};
use crate::error::Error;
use crate::http::Readiness;
use crate::kernel::{Actor, Origin};
use crate::telemetry;

const PATIENCE: Duration = Duration::from_secs(2);

/// The checks of this server.
pub(super) struct Checks {
    db: Arc<Db>,
}

impl Checks {
    pub(super) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }
}

#[async_trait]
impl Readiness for Checks {
    async fn check(&self) -> Vec<(&'static str, Result<(), String>)> {
        let span = info_span!("readiness", app.module = "app");
        // Asked every few seconds, for ever: nobody looks up how it went.
        span.in_scope(telemetry::idle_trace);
        self.check_both().instrument(span).await
    }
}

impl Checks {
    async fn check_both(&self) -> Vec<(&'static str, Result<(), String>)> {
        let read = self.db.read(|conn| {
            Statement::new("SELECT name FROM stock_locations").execute(conn).map(|_| ())
        });
        // Goes through the lane and changes nothing.
        let origin = Origin::of(Actor::System);
        let write = self.db.write(&origin, |_tx| Ok(()));
        vec![("database_read", in_time(read).await), ("database_write", in_time(write).await)]
    }
}

async fn in_time(check: impl Future<Output = Result<(), Error>>) -> Result<(), String> {
    match tokio::time::timeout(PATIENCE, check).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_elapsed) => Err("no answer within 2 s".into()),
    }
}
