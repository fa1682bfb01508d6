//! Who calls: scopes, and the extractor without which no handler of the API gets a request.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use async_trait::async_trait;

use super::pipeline::ids_of;
use crate::error::Error;
use crate::kernel::{Actor, KeyId, Origin, Secret};

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// What a key may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Scope { $($(#[$doc])* $name),+ }

        impl Scope {
            /// Every scope.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its name on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }

        /// The scopes as types, for the extractors.
        pub mod scopes {
            $($(#[$doc])* #[derive(Debug)] pub struct $name;
            impl super::ScopeMarker for $name {
                const SCOPE: super::Scope = super::Scope::$name;
            })+
        }
    };
}

scopes! {
    /// Read orders.
    OrdersRead = "orders:read",
    /// Place, cancel and fulfil orders.
    OrdersWrite = "orders:write",
    /// Read payments.
    PaymentsRead = "payments:read",
    /// Capture, void and refund.
    PaymentsWrite = "payments:write",
    /// Read products.
    CatalogRead = "catalog:read",
    /// Change products and prices.
    CatalogWrite = "catalog:write",
    /// Read stock.
    InventoryRead = "inventory:read",
    /// Adjust stock.
    InventoryWrite = "inventory:write",
    /// Read the event feed.
    EventsRead = "events:read",
    /// Read and prove the journal.
    AuditRead = "audit:read",
    /// Everything else that runs the shop.
    Admin = "admin",
}

/// A scope as a type.
pub trait ScopeMarker: Send + Sync + 'static {
    /// The scope.
    const SCOPE: Scope;
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|scope| scope.as_str()).collect();
            format!("`{text}` is not a scope; the scopes are {}", known.join(", "))
        })
    }
}

/// A known caller.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Its key.
    pub key_id: KeyId,
}

/// Decides who a request comes from; `identity` does.
#[async_trait]
pub trait Authenticate: Send + Sync {
    /// The caller behind `bearer`, when it may do what `scope` names.
    ///
    /// `origin` has the ids of the request; what is refused to a known caller is journalled.
    ///
    /// # Errors
    /// 401 without a valid key, 403 without the scope.
    async fn authenticate(
        &self,
        bearer: Option<Secret<String>>,
        scope: Scope,
        endpoint: String,
        origin: Origin,
    ) -> Result<Caller, Error>;
}

/// A request of a caller who has the scope `S`.
#[derive(Debug)]
pub struct Call<S> {
    /// Where what it does comes from.
    pub origin: Origin,
    /// Who calls.
    pub caller: Caller,
    scope: PhantomData<S>,
}

impl<S: ScopeMarker> Call<S> {
    pub(super) async fn authenticate(request: HttpRequest) -> Result<Self, Error> {
        let mut origin = origin_of(&request, Actor::System);
        let gate = request
            .app_data::<web::Data<Arc<dyn Authenticate>>>()
            .ok_or_else(|| Error::internal("authenticating", "no authenticator is registered"))?;
        let endpoint = endpoint_of(&request);
        let caller =
            gate.authenticate(bearer_of(&request), S::SCOPE, endpoint, origin.clone()).await?;
        origin.actor = Actor::Key(caller.key_id);
        Ok(Self { origin, caller, scope: PhantomData })
    }
}

impl<S: ScopeMarker> FromRequest for Call<S> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        Box::pin(Self::authenticate(request.clone()))
    }
}

/// Where a change comes from that `actor` asks for by this request.
#[must_use]
pub fn origin_of(request: &HttpRequest, actor: Actor) -> Origin {
    let ids = ids_of(request);
    let request_id = Some(ids.request_id);
    Origin { actor, request_id, trace_id: ids.trace_id, span_id: ids.span_id }
}

/// Method and path, as an idempotency key is scoped.
#[must_use]
pub fn endpoint_of(request: &HttpRequest) -> String {
    format!("{} {}", request.method(), request.path())
}

fn bearer_of(request: &HttpRequest) -> Option<Secret<String>> {
    let header = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim().to_owned()))
}
