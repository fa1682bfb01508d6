//! Bodies in chunks that are not read to their end.
//!
//! When nobody holds such a body any more, actix reads on by itself to keep the connection, for as
//! long as the client goes on: with one byte now and then, or none, without end. So each is held
//! until its answer has been sent; then actix sees a body left unread, and closes the connection.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt};

/// A body that its handler and its answer hold, or none that needs to be held.
#[derive(Clone, Default)]
pub(super) struct Held(Option<Rc<RefCell<Payload>>>);

impl Held {
    /// Takes hold of the body of a request.
    pub(super) fn of(request: &mut ServiceRequest) -> Self {
        if !request.chunked().unwrap_or(false) {
            return Self::default();
        }
        let held = Self(Some(Rc::new(RefCell::new(request.take_payload()))));
        request.set_payload(Payload::Stream { payload: Box::pin(held.clone()) });
        held
    }

    /// Holds it until the answer with this body has been sent.
    pub(super) fn until_sent(self, answer: BoxBody) -> BoxBody {
        if self.0.is_none() { answer } else { BoxBody::new(Holding { answer, _held: self }) }
    }
}

impl Stream for Held {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &self.0 {
            Some(body) => body.borrow_mut().poll_next_unpin(cx),
            None => Poll::Ready(None),
        }
    }
}

struct Holding {
    answer: BoxBody,
    _held: Held,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.answer).poll_next(cx)
    }
}
