//! Pictures of products: files of the data directory, `pictures/SKU.webp` (or `.jpg`, `.png`,
//! `.avif`). Where there is none, a quiet drawing made of letters.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path, ServiceConfig, get};

use crate::error::{Error, Refusal};
use crate::kernel::Stopwatch;

/// Kinds of pictures, the ones that are shown first.
const KINDS: [(&str, &str); 4] =
    [("avif", "image/avif"), ("webp", "image/webp"), ("jpg", "image/jpeg"), ("png", "image/png")];

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Colours of drawings: classes of the stylesheet.
const HUES: u32 = 8;

/// The pictures that there are.
#[derive(Debug, Clone)]
pub struct Pictures {
    folder: PathBuf,
    known: Arc<Mutex<Known>>,
}

/// What the folder held when it was changed last.
#[derive(Debug, Default)]
struct Known {
    looked: Option<Stopwatch>,
    changed: Option<SystemTime>,
    files: HashMap<String, &'static str>,
}

impl Pictures {
    /// The pictures in this folder, which need not be there.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, known: Arc::default() }
    }

    /// How a product is pictured.
    pub(super) fn of(&self, sku: &str, name: &str) -> Picture {
        let address = self.kind(sku).map(|kind| format!("/pictures/{sku}.{kind}"));
        let letters = name.chars().filter(|letter| letter.is_alphanumeric()).take(2).collect();
        // Products that begin alike look alike.
        let first = name.split(' ').next().unwrap_or_default();
        let sum = first.bytes().fold(0_u32, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u32::from(byte.to_ascii_lowercase()))
        });
        let hue = sum % HUES;
        Picture { address, letters, hue }
    }

    /// The folder tells by its time whether files came or went; it is asked once a second at most.
    fn kind(&self, sku: &str) -> Option<&'static str> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.looked.as_ref().is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
            known.looked = Some(Stopwatch::start());
            let changed = self.folder.metadata().and_then(|folder| folder.modified()).ok();
            if known.changed != changed {
                (known.changed, known.files) = (changed, self.list());
            }
        }
        known.files.get(sku).copied()
    }

    fn list(&self) -> HashMap<String, &'static str> {
        let mut files = HashMap::new();
        for entry in self.folder.read_dir().into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some((sku, ending)) = name.rsplit_once('.') else { continue };
            let Some(rank) = KINDS.iter().position(|(kind, _)| *kind == ending) else { continue };
            let better = |other: &&str| {
                KINDS.iter().position(|(kind, _)| kind == other).is_some_and(|known| known <= rank)
            };
            if !files.get(sku).is_some_and(better) {
                files.insert(sku.to_owned(), KINDS[rank].0);
            }
        }
        files
    }
}

/// How a product is pictured.
#[derive(Debug)]
pub(super) struct Picture {
    /// Its picture.
    pub(super) address: Option<String>,
    /// What is drawn where there is none.
    pub(super) letters: String,
    /// The colour of the drawing.
    pub(super) hue: u32,
}

/// Registers the pictures.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/pictures/{file}", get().to(picture));
}

async fn picture(pictures: Data<Pictures>, file: Path<String>) -> Result<HttpResponse, Error> {
    let missing = || Refusal::not_found("picture");
    let (sku, ending) = file.rsplit_once('.').ok_or_else(missing)?;
    let kind = pictures.kind(sku).filter(|kind| *kind == ending).ok_or_else(missing)?;
    let mime = KINDS.iter().find(|(other, _)| *other == kind).map_or("", |(_, mime)| mime);
    // Only what was found in the folder is read, so the name leads nowhere else.
    let path = pictures.folder.join(format!("{sku}.{kind}"));
    let bytes = tokio::task::spawn_blocking(move || std::fs::read(path))
        .await
        .map_err(|failure| Error::internal("reading a picture", failure))?
        .map_err(|_| missing())?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, mime))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(bytes))
}
