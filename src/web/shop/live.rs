//! What happens to an order while its page is open: server-sent events (HTML, 9.2).

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, Data, Path};
use futures_util::stream::{self, Stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::db::{Conn, Db};
use crate::error::{Error, Refusal};
use crate::http::Traffic;
use crate::orders;
use crate::telemetry;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A connection tells nothing for so long at most, so that those between do not cut it.
const QUIET_LOOKS: u32 = 15;
/// The browser asks anew after that.
const LOOKS: u32 = 600;

/// Pages that are told of changes at once; one more looks by itself, when it is loaded again.
const OPEN_MOST: usize = 256;
static OPEN: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(OPEN_MOST)));
const CROWD: &str = "Too many follow their orders at this moment; load the page again.";

/// Counts the changes of the order behind a secret address.
fn version(conn: &mut Conn, link: &str) -> Result<i64, Error> {
    let missing = || Refusal::not_found("order");
    let id = orders::linked_order(conn, link)?.ok_or_else(missing)?;
    Ok(orders::version(conn, id)?.ok_or_else(missing)?)
}

/// One open page.
struct Watch {
    db: Arc<Db>,
    traffic: Traffic,
    link: String,
    version: i64,
    looks: u32,
    quiet: u32,
    _place: OwnedSemaphorePermit,
}

/// Tells each time that the order changes.
pub(super) async fn events(
    link: Path<String>,
    db: Data<Arc<Db>>,
    traffic: Data<Traffic>,
) -> Result<HttpResponse, Error> {
    telemetry::open_trace();
    let place = Arc::clone(&OPEN).try_acquire_owned().map_err(|_| Error::Unavailable(CROWD))?;
    let link = link.into_inner();
    let asked = link.clone();
    let version = db.read(move |conn| version(conn, &asked)).await?;
    let (db, traffic) = (Arc::clone(db.get_ref()), traffic.get_ref().clone());
    let watch = Watch { db, traffic, link, version, looks: 0, quiet: 0, _place: place };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        // Compression would hold events back.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .streaming(told(watch)))
}

fn told(watch: Watch) -> impl Stream<Item = Result<Bytes, Error>> {
    stream::unfold(watch, |mut watch| async move {
        let told = watch.next().await?;
        Some((Ok(told), watch))
    })
}

impl Watch {
    /// The next thing to tell; nothing when the watch is over.
    async fn next(&mut self) -> Option<Bytes> {
        while self.looks < LOOKS && !self.traffic.is_stopping() {
            let first = self.looks == 0;
            self.looks += 1;
            if first {
                return Some(self.tell());
            }
            tokio::time::sleep(LOOK_EVERY).await;
            let link = self.link.clone();
            let version = self.db.read(move |conn| version(conn, &link)).await.ok()?;
            if version != self.version {
                self.version = version;
                self.quiet = 0;
                return Some(self.tell());
            }
            self.quiet += 1;
            if self.quiet == QUIET_LOOKS {
                self.quiet = 0;
                return Some(Bytes::from_static(b": still here\n\n"));
            }
        }
        None
    }

    fn tell(&self) -> Bytes {
        Bytes::from(format!("event: version\ndata: {}\n\n", self.version))
    }
}
