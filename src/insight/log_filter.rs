//! Which log lines are written, changed while the server runs: for a while, and on record.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::instrument;

use crate::audit::{self, Entry, Subject};
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::kernel::{Actor, Clock, Origin, Timestamp};
use crate::telemetry::LevelSwitch;

const DEFAULT_S: u64 = 900;
const MOST_S: u64 = 24 * 3600;

/// The filter in force, and until when it is.
pub struct LogFilter {
    db: Arc<Db>,
    switch: Arc<LevelSwitch>,
    configured: String,
    /// `None` while the configured filter is in force. A later change makes an earlier one's end
    /// void.
    expires_at: Mutex<Option<Timestamp>>,
}

/// What is wanted, and for how long.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantedFilter {
    /// A level, and levels of targets: `info,docket::orders=debug`.
    pub filter: String,
    /// Seconds after which the configured filter is in force again, 1 to 86,400.
    #[serde(default = "default_seconds")]
    pub for_s: u64,
}

fn default_seconds() -> u64 {
    DEFAULT_S
}

/// What is in force.
#[derive(Debug, Clone, Serialize)]
pub struct FilterInForce {
    /// The filter.
    pub filter: String,
    /// The one of the configuration.
    pub configured: String,
    /// When that one is in force again; `None` while it is.
    pub expires_at: Option<Timestamp>,
}

impl LogFilter {
    /// Changes what this switch lets through, and writes so into this journal.
    #[must_use]
    pub fn new(db: Arc<Db>, switch: Arc<LevelSwitch>) -> Self {
        let configured = switch.current();
        Self { db, switch, configured, expires_at: Mutex::default() }
    }

    /// What is in force now.
    #[must_use]
    pub fn in_force(&self) -> FilterInForce {
        FilterInForce {
            filter: self.switch.current(),
            configured: self.configured.clone(),
            expires_at: self.expiry(),
        }
    }

    /// Puts a filter in force for a while. Checked, then written down, then done: nobody changes
    /// what is logged without a trace of it.
    ///
    /// # Errors
    /// 422 for what is no filter or too long a while; what the database refuses.
    #[instrument(name = "insight.change_log_filter", skip_all, fields(app.module = "insight"))]
    pub async fn change(
        self: &Arc<Self>,
        origin: &Origin,
        wanted: WantedFilter,
    ) -> Result<FilterInForce, Error> {
        wanted.check()?;
        let after = json!({ "filter": wanted.filter, "for_s": wanted.for_s });
        self.record(origin, json!({ "filter": self.switch.current() }), after).await?;
        let time = Duration::from_secs(wanted.for_s);
        let expires_at = Clock::System.now().after(time);
        // Said under the filter before: the new one may be silent.
        tracing::info!(filter = wanted.filter, for_s = wanted.for_s, "the log filter is changed");
        self.put(&wanted.filter, Some(expires_at))?;
        tokio::spawn(Arc::clone(self).expire(time, expires_at));
        Ok(self.in_force())
    }

    /// Goes back to the configured filter.
    ///
    /// # Errors
    /// What the database refuses.
    #[instrument(name = "insight.reset_log_filter", skip_all, fields(app.module = "insight"))]
    pub async fn reset(&self, origin: &Origin) -> Result<FilterInForce, Error> {
        let before = json!({ "filter": self.switch.current() });
        self.record(origin, before, json!({ "filter": self.configured })).await?;
        self.put(&self.configured, None)?;
        Ok(self.in_force())
    }

    fn expiry(&self) -> Option<Timestamp> {
        *self.expires_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, filter: &str, expires_at: Option<Timestamp>) -> Result<(), Error> {
        let mut place = self.expires_at.lock().unwrap_or_else(PoisonError::into_inner);
        self.switch
            .set(filter)
            .map_err(|failure| Error::internal("changing the log filter", failure))?;
        *place = expires_at;
        Ok(())
    }

    /// Goes back to the configured filter after `time`, unless it was changed again meanwhile.
    async fn expire(self: Arc<Self>, time: Duration, expires_at: Timestamp) {
        tokio::time::sleep(time).await;
        if self.expiry() != Some(expires_at) {
            return;
        }
        let before = json!({ "filter": self.switch.current() });
        let after = json!({ "filter": self.configured, "reason": "expired" });
        if let Err(error) = self.put(&self.configured, None) {
            tracing::warn!(error = %error, "the log filter did not expire");
        }
        tracing::info!(filter = self.configured, "the log filter has expired");
        if let Err(error) = self.record(&Origin::of(Actor::System), before, after).await {
            tracing::warn!(error = %error, "that the log filter expired is not in the journal");
        }
    }

    async fn record(&self, origin: &Origin, before: Value, after: Value) -> Result<(), Error> {
        let write = self.db.write(origin, move |tx| {
            let entry = Entry::new("server.log_filter_changed", Subject::Server)
                .before(&before)?
                .after(&after)?;
            audit::record(tx, entry)
        });
        write.await
    }
}

impl WantedFilter {
    fn check(&self) -> Result<(), Refusal> {
        if !(1..=MOST_S).contains(&self.for_s) {
            return Err(Refusal::invalid("for_s", "out_of_range", "must be 1 to 86400 seconds"));
        }
        LevelSwitch::check(&self.filter)
            .map_err(|reason| Refusal::invalid("filter", "invalid", reason.to_string()))
    }
}
