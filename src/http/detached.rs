//! Work that runs to its end even when its client goes away.

use std::future::Future;

use tracing::Instrument;

use super::traffic::Running;
use crate::error::Error;

/// Runs `work` as a task of its own: a handler whose client disconnects, or whose time is up, is
/// dropped where it stands, and a payment must not be. Until its end it counts as a running
/// request.
///
/// # Errors
/// What `work` returns.
pub async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let work = Running::current().during(work.in_current_span());
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(failure) => Err(Error::internal("a request's work ended early", failure)),
    }
}
