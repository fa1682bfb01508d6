//! Query parameters, read after the caller is known, so that nobody is told of a bad parameter
//! before they may ask at all.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use crate::error::{Error, Refusal};

/// The query string of a request, to be read as `Q`.
pub struct Params<Q> {
    text: String,
    shape: PhantomData<Q>,
}

impl<Q: DeserializeOwned> Params<Q> {
    /// The parameters.
    ///
    /// # Errors
    /// 422 for an unknown, repeated or unreadable parameter.
    pub fn read(&self) -> Result<Q, Error> {
        serde_urlencoded::from_str(&self.text).map_err(|failure| {
            Refusal::new(422, "validation", format!("The query string: {failure}.")).into()
        })
    }
}

impl<Q: DeserializeOwned> FromRequest for Params<Q> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Ok(Self { text: request.query_string().to_owned(), shape: PhantomData }))
    }
}
