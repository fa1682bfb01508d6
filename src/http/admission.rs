//! The door before everything else: what is too much is sent away here, before anything is spent on
//! it. It has its ids as every answer has, but no span and no log line of its own: at such times
//! there is no time for them, and they would push out those of the requests that are answered.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web;

use super::pipeline::{Limits, RequestIds, add_ids, method_label, route_of};
use super::problem::render;
use super::root_span::request_id;
use super::traffic::{Running, Traffic};
use super::unread::Held;
use crate::error::Refusal;
use crate::kernel::Stopwatch;
use crate::telemetry::{self, metrics};

/// The outermost middleware: lets a request in while no more than `Limits::requests` are worked on.
/// Without limits it only counts: what an operator asks is never too much.
///
/// # Errors
/// What the handler's answer came to.
pub async fn let_in(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let most = request.app_data::<web::Data<Limits>>().map_or(usize::MAX, |limits| limits.requests);
    let running = match request.app_data::<web::Data<Traffic>>() {
        Some(traffic) => traffic.let_in(most),
        None => Some(Running::default()),
    };
    match running {
        Some(running) => {
            running.during(next.call(request)).await.map(ServiceResponse::map_into_boxed_body)
        }
        None => Ok(send_away(request).await),
    }
}

async fn send_away(mut request: ServiceRequest) -> ServiceResponse {
    let (took, body) = (Stopwatch::start(), Held::of(&mut request));
    // The body that came with the head is taken in meanwhile: with one left unread, the connection
    // could not be kept, and another one would cost more than the refusal.
    tokio::task::yield_now().await;
    let detail = "More is asked of the server than it can do now; try again shortly.";
    let refusal = Refusal { retry_after_s: Some(1), ..Refusal::new(503, "overloaded", detail) };
    let (request_id, trace_id) = (request_id(&request), Some(telemetry::new_trace_id()));
    let ids = RequestIds { request_id, trace_id, span_id: None };
    let mut response = render(&refusal, &ids.request_id, ids.trace_id.as_deref());
    add_ids(&mut response, &ids);
    let route = route_of(&request).unwrap_or_else(|| "unmatched".into());
    metrics::http_request(method_label(request.request()), &route, refusal.status, took.elapsed());
    metrics::overload_refusal();
    tell();
    request.into_response(response).map_body(|_, answer| body.until_sent(answer))
}

/// How many were sent away since a line told of it, and when that was.
static UNTOLD: Mutex<(u64, Option<Stopwatch>)> = Mutex::new((0, None));
const TELL_EVERY: Duration = Duration::from_secs(1);

/// A line for all that are sent away within a second.
fn tell() {
    let mut untold = UNTOLD.lock().unwrap_or_else(PoisonError::into_inner);
    untold.0 += 1;
    if untold.1.as_ref().is_none_or(|told| told.elapsed() >= TELL_EVERY) {
        let refused = untold.0;
        *untold = (0, Some(Stopwatch::start()));
        drop(untold);
        tracing::warn!(refused, "more is asked than can be done: requests are refused");
    }
}
