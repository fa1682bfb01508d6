//! Products from a file: sending it, and seeing how far it got.

use std::io::{Read, Seek, Write};
use std::sync::Arc;

use actix_multipart::{Field, Multipart};
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt;
use tracing::Instrument;

use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::http::{Waiting, id_or_not_found, of_status};
use crate::inventory::{self, ImportState, ImportView};
use crate::kernel::Currency;
use crate::web::ShopSettings;
use crate::web::admin::desk::{Desk, Section};
use crate::web::admin::staff::{Anyone, Changers, Staff, Turned};
use crate::web::frame::Frame;
use crate::web::page::{page, see_other};

/// Bytes of a file at most.
const FILE_MOST: u64 = 64 << 20;
const NAME_CHARS: usize = 100;
const SHOWN: i64 = 20;

#[derive(Template)]
#[template(path = "admin/goods/import.html")]
struct ImportPage {
    frame: Frame,
    desk: Desk,
    /// What the shop sells in.
    currency: Currency,
    imports: Vec<ImportView>,
}

/// Shows the form, and the files of before.
pub(super) async fn show(
    staff: Staff<Changers>,
    shop: Data<Arc<ShopSettings>>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let imports = db.read(|conn| inventory::imports(conn, None, SHOWN)).await?;
    let (frame, desk) = staff.surroundings(Section::Products);
    page(StatusCode::OK, &ImportPage { frame, desk, currency: shop.currency, imports })
}

/// Takes a file. It is imported in the background, however long that takes and whether or not
/// anybody waits for it.
pub(super) async fn take(
    request: HttpRequest,
    payload: Payload,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Turned> {
    let staff = Staff::<Changers>::of(&request).await?;
    let (csrf, name, file) = read(&request, payload).await?;
    staff.check_csrf(&csrf)?;
    let origin = staff.origin.clone();
    let source = blocking(move || unpacked(file)).await?.ok_or_else(too_large)?;
    let id = db.write(&origin, move |tx| inventory::begin_import(tx, &name)).await?;
    let running = Arc::clone(db.get_ref());
    let work = async move {
        if let Err(error) = inventory::run_import(&running, &origin, id, source).await {
            tracing::error!(error = %error, import.id = %id, "an import stopped");
        }
    };
    tokio::spawn(work.in_current_span());
    Ok(see_other(&format!("/admin/products/imports/{id}")))
}

/// The form's token, the file's name and the file.
async fn read(
    request: &HttpRequest,
    payload: Payload,
) -> Result<(String, String, std::fs::File), Error> {
    let _waiting = Waiting::begin();
    let mut parts = Multipart::new(request.headers(), payload);
    let (mut csrf, mut found) = (String::new(), None);
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| of_status(400))?;
        match part.name() {
            Some("csrf") => csrf = text(part).await?,
            Some("file") => {
                let named = part.content_disposition().and_then(|said| said.get_filename());
                let name: String =
                    named.unwrap_or("products.csv").chars().take(NAME_CHARS).collect();
                found = Some((name.replace(char::is_control, " "), spool(part).await?));
            }
            _ => {}
        }
    }
    let missing = || Refusal::invalid("file", "invalid", "choose a file of products");
    let (name, file) = found.ok_or_else(missing)?;
    Ok((csrf, name, file))
}

async fn text(mut part: Field) -> Result<String, Error> {
    let mut text = Vec::new();
    while let Some(bytes) = part.next().await {
        text.extend(bytes.map_err(|_| of_status(400))?);
        if text.len() > 1_000 {
            return Err(of_status(413).into());
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The file on the disk, where it has no name: it is gone when it was read.
async fn spool(mut part: Field) -> Result<std::fs::File, Error> {
    let mut file = blocking(scratch).await?;
    let mut size = 0;
    while let Some(bytes) = part.next().await {
        let bytes: Bytes = bytes.map_err(|_| of_status(400))?;
        size += bytes.len() as u64;
        if size > FILE_MOST {
            return Err(too_large().into());
        }
        file = blocking(move || file.write_all(&bytes).map(|()| file)).await?;
    }
    blocking(move || file.rewind().map(|()| file)).await
}

fn too_large() -> Refusal {
    let detail =
        format!("A file of products has at most {} MiB, once it is unpacked.", FILE_MOST >> 20);
    Refusal::new(413, "body_too_large", detail)
}

fn scratch() -> std::io::Result<std::fs::File> {
    let path =
        std::env::temp_dir().join(format!("docket-{}", crate::kernel::RequestId::generate()));
    let file = std::fs::File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|failure| Error::internal("taking a file of products", failure))?;
    done.map_err(|failure| Error::internal("taking a file of products", failure))
}

/// The file to be read, packed with gzip or not: its first bytes tell (RFC 1952, 2.3.1). `None`
/// when there is too much in it, which is found out by unpacking it to nowhere.
fn unpacked(mut file: std::fs::File) -> std::io::Result<Option<Box<dyn Read + Send>>> {
    let mut magic = [0; 2];
    let read = file.read(&mut magic)?;
    file.rewind()?;
    if read < 2 || magic != [0x1f, 0x8b] {
        return Ok(Some(Box::new(file)));
    }
    let mut unpacking = MultiGzDecoder::new(&file).take(FILE_MOST + 1);
    // A damaged one is imported as far as it can be read, and its page says why it stopped.
    let _damaged = std::io::copy(&mut unpacking, &mut std::io::sink());
    if unpacking.limit() == 0 {
        return Ok(None);
    }
    file.rewind()?;
    Ok(Some(Box::new(MultiGzDecoder::new(file))))
}

#[derive(Template)]
#[template(path = "admin/goods/progress.html")]
struct ProgressPage {
    frame: Frame,
    desk: Desk,
    currency: Currency,
    import: ImportView,
}

impl ProgressPage {
    fn is_running(&self) -> bool {
        self.import.state == ImportState::Running
    }
}

/// Shows how far an import got.
pub(super) async fn progress(
    staff: Staff<Anyone>,
    id: Path<String>,
    shop: Data<Arc<ShopSettings>>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let id = id_or_not_found("import", &id)?;
    let found = db.read(move |conn| inventory::imports(conn, Some(id), 1)).await?;
    let import = found.into_iter().next().ok_or_else(|| Refusal::not_found("import"))?;
    let (frame, desk) = staff.surroundings(Section::Products);
    page(StatusCode::OK, &ProgressPage { frame, desk, currency: shop.currency, import })
}
