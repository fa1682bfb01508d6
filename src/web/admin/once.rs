//! What is done once however often its button is pressed, and answered by a page that shows a
//! secret: the answer itself must not be kept, so only that it was given is.

use crate::db::Db;
use crate::db::WriteTx;
use crate::error::Error;
use crate::http::{Reply, Submission};
use crate::idempotency::{self, Claimed};
use crate::kernel::Origin;

/// Does `work` under this key; nothing when it was done before.
///
/// # Errors
/// What `work` and the key refuse.
pub(super) async fn once<T: Send + 'static>(
    db: &Db,
    origin: &Origin,
    submission: Submission,
    work: impl Fn(&mut WriteTx<'_>) -> Result<T, Error> + Send + 'static,
) -> Result<Option<T>, Error> {
    db.write(origin, move |tx| match idempotency::claim(tx, &submission, "")? {
        Claimed::Replay(_) | Claimed::Pending { .. } => Ok(None),
        Claimed::New(claim) => {
            let done = work(tx)?;
            let given =
                Reply { status: 204, headers: Vec::new(), body: String::new(), replayed: false };
            idempotency::finish(tx, &claim, &given)?;
            Ok(Some(done))
        }
    })
    .await
}
