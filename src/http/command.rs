//! A changing request: authenticated, bounded, read whole, strictly parsed.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::caller::{Call, Caller, ScopeMarker, endpoint_of};
use super::pipeline::Limits;
use super::traffic::Waiting;
use super::{json, problem};
use crate::error::{Error, Refusal};
use crate::kernel::{Origin, panic_point};

/// What makes two requests the same one (draft-ietf-httpapi-idempotency-key-header): the key, in
/// the scope of its holder, method and path, and the fingerprint of the body.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The key's holder.
    pub holder: String,
    /// Method and path.
    pub endpoint: String,
    /// The `Idempotency-Key`.
    pub key: String,
    /// SHA-256 of the body's bytes, in hexadecimal.
    pub fingerprint: String,
}

/// A changing request of a caller who has the scope `S`, with a body of shape `B`.
#[derive(Debug)]
pub struct Command<S, B> {
    /// Where the change comes from.
    pub origin: Origin,
    /// Who calls.
    pub caller: Caller,
    /// Its idempotency key; always there on POST.
    submission: Option<Submission>,
    /// The version that the caller has seen (`If-Match`).
    pub if_match: Option<i64>,
    /// The parsed body.
    pub body: B,
    scope: std::marker::PhantomData<S>,
}

impl<S, B> Command<S, B> {
    /// The idempotency key of a POST.
    ///
    /// # Errors
    /// None on POST, which the extractor refused without a key.
    pub fn submission(&self) -> Result<Submission, Error> {
        self.submission.clone().ok_or_else(|| key_required().into())
    }
}

impl<S: ScopeMarker, B: DeserializeOwned + 'static> FromRequest for Command<S, B> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let call = Call::<S>::authenticate(request.clone()).await?;
            let key = idempotency_key(&request)?;
            let if_match = if_match(&request)?;
            let bytes = read(&request, payload).await?;
            panic_point("command.read", &bytes);
            let submission = key.map(|key| Submission {
                holder: call.caller.key_id.to_string(),
                endpoint: endpoint_of(&request),
                key,
                fingerprint: hex::encode(Sha256::digest(&bytes)),
            });
            // An action without arguments may come without a body.
            let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
            if !bytes.is_empty() {
                require_json(&request)?;
            }
            let body = json::parse(text)?;
            let Call { origin, caller, .. } = call;
            Ok(Self { origin, caller, submission, if_match, body, scope: std::marker::PhantomData })
        })
    }
}

fn key_required() -> Refusal {
    Refusal::new(
        400,
        "idempotency_key_required",
        "Send an `Idempotency-Key` header of 1 to 255 visible ASCII characters, new for each \
         intended change and the same for each retry of it.",
    )
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Refusal> {
    let mut headers = request.headers().get_all("idempotency-key");
    let required = request.method() == actix_web::http::Method::POST;
    let Some(first) = headers.next() else {
        return if required { Err(key_required()) } else { Ok(None) };
    };
    let visible = |byte: &u8| (0x21..=0x7e).contains(byte);
    let key = first.as_bytes();
    if headers.next().is_some() || !(1..=255).contains(&key.len()) || !key.iter().all(visible) {
        return Err(Refusal { code: "idempotency_key_invalid", ..key_required() });
    }
    Ok(Some(String::from_utf8_lossy(key).into_owned()))
}

/// `If-Match` with one entity tag as this server makes them, or `*`.
fn if_match(request: &HttpRequest) -> Result<Option<i64>, Refusal> {
    let Some(value) = request.headers().get(header::IF_MATCH) else { return Ok(None) };
    if value.as_bytes() == b"*" {
        return Ok(None);
    }
    let version = value
        .to_str()
        .ok()
        .and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse::<i64>().ok());
    // A tag that this server never made matches nothing.
    Ok(Some(version.unwrap_or(-1)))
}

fn require_json(request: &HttpRequest) -> Result<(), Refusal> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(problem::of_status(415))
}

/// Reads the body, up to the limits of its size and of its time.
pub(super) async fn read(request: &HttpRequest, payload: Payload) -> Result<Vec<u8>, Refusal> {
    let limits = request.app_data::<web::Data<Limits>>();
    let (most, time) = limits.map_or((1 << 20, Duration::from_secs(10)), |limits| {
        (limits.body_bytes, limits.body_timeout)
    });
    let _waiting = Waiting::begin();
    let read = tokio::time::timeout(time, read_up_to(most, request, payload));
    read.await.unwrap_or_else(|_elapsed| Err(too_slow(time)))
}

async fn read_up_to(
    limit: usize,
    request: &HttpRequest,
    mut payload: Payload,
) -> Result<Vec<u8>, Refusal> {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default());
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| problem::of_status(400))?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn too_slow(time: Duration) -> Refusal {
    let detail = format!("The body did not come within {} s; nothing was done.", time.as_secs());
    Refusal::new(408, "request_timeout", detail)
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(413, "body_too_large", format!("A body has at most {limit} bytes."))
}
