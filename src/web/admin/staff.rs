//! Who works at the desk: the extractors without which no handler of its pages gets a request.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, web};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::desk::{Desk, Section};
use crate::error::{Error, Refusal};
use crate::http::{Submission, endpoint_of, parse_form, read_form};
use crate::identity::{
    BROWSER_DAYS, Browser, Person, Role, SESSION_DAYS, Session, SignedIn, StaffGate,
};
use crate::kernel::{Actor, Origin, RequestId, Secret, StaffId, Token};
use crate::web::cookie;
use crate::web::frame::Frame;
use crate::web::page::see_other;
use crate::web::visitor::Visitor;

/// Who may do something, as a type.
pub(in crate::web) trait Roles: Send + Sync + 'static {
    /// Whether this role may.
    fn may(role: Role) -> bool;
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $pattern:pat),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(in crate::web) struct $name;
        impl Roles for $name {
            fn may(role: Role) -> bool {
                matches!(role, $pattern)
            }
        }
    )+};
}

roles! {
    /// Everybody who is signed in: for looking.
    Anyone = _,
    /// Owners and clerks: for changing the shop.
    Changers = Role::Owner | Role::Clerk,
    /// Owners: for people and keys.
    Owners = Role::Owner,
}

/// A person who is signed in and has one of the roles `R`, and looks at something.
pub(in crate::web) struct Staff<R> {
    /// Where what the person does comes from.
    pub(in crate::web) origin: Origin,
    /// Who it is.
    pub(in crate::web) person: Person,
    csrf: Secret<String>,
    visitor: Visitor,
    session: (Arc<StaffGate>, Token),
    roles: PhantomData<R>,
}

/// The same person changing something: its form carried the session's token.
pub(in crate::web) struct Act<R, F> {
    /// Who.
    pub(in crate::web) staff: Staff<R>,
    /// What the form said.
    pub(in crate::web) form: F,
    submission: Option<Submission>,
}

impl<R, F> Act<R, F> {
    /// What makes two clicks on a form the same one: its hidden field `once`, which each page that
    /// is shown makes anew ([`fresh`]).
    ///
    /// # Errors
    /// 422 when the form has none.
    pub(in crate::web) fn submission(&self) -> Result<Submission, Refusal> {
        let missing = || Refusal::invalid("once", "invalid", "load the page again");
        self.submission.clone().ok_or_else(missing)
    }
}

/// For the hidden field `once` of a form.
pub(in crate::web) fn fresh() -> String {
    RequestId::generate().to_string()
}

/// A form that says nothing but that its button was pressed.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Pressed {}

/// Why a request does not come in.
#[derive(Debug, thiserror::Error)]
pub(in crate::web) enum Turned {
    /// It is shown after signing in.
    #[error("not signed in")]
    ToSignIn(String),
    /// It is refused.
    #[error(transparent)]
    Refused(#[from] Error),
}

impl From<Refusal> for Turned {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl ResponseError for Turned {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::ToSignIn(_) => StatusCode::SEE_OTHER,
            Self::Refused(error) => error.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::ToSignIn(address) => see_other(address),
            Self::Refused(error) => error.error_response(),
        }
    }
}

impl<R: Roles> Staff<R> {
    /// The person behind a request, whatever its method. Who changes something by another way than
    /// [`Act`] calls [`Self::check_csrf`].
    ///
    /// # Errors
    /// [`Turned`].
    pub(in crate::web) async fn of(request: &HttpRequest) -> Result<Self, Turned> {
        let visitor = Visitor::of(request)?;
        let gate = gate_of(request)?;
        let Some(token) = token_of(request) else { return Err(turn_away(request)) };
        let found = gate.session(&token, &visitor.origin).await?;
        let Some(Session { person, csrf }) = found else { return Err(turn_away(request)) };
        let origin = Origin { actor: Actor::Staff(person.id), ..visitor.origin.clone() };
        if !R::may(person.role) {
            let endpoint = endpoint_of(request);
            return Err(gate.refuse_role(&person, &endpoint, origin).await?.into());
        }
        let session = (gate, token);
        Ok(Self { origin, person, csrf, visitor, session, roles: PhantomData })
    }

    /// Whether a form was made by a page of this session.
    ///
    /// # Errors
    /// 403 `csrf`.
    pub(in crate::web) fn check_csrf(&self, sent: &str) -> Result<(), Refusal> {
        match self.csrf.is(sent) {
            true => Ok(()),
            false => Err(csrf()),
        }
    }

    /// Whether the person is still signed in, for what goes on after the answer has begun.
    pub(in crate::web) async fn is_still_here(&self) -> bool {
        let (gate, token) = &self.session;
        // Who cannot be asked for is asked to come again.
        gate.is_open(token).await.unwrap_or(false)
    }

    /// What surrounds a page of this section.
    pub(in crate::web) fn surroundings(&self, section: Section) -> (Frame, Desk) {
        let frame = self.visitor.frame(0);
        (frame, Desk::of(&self.person, self.csrf.expose(), section))
    }

    /// Whether the person may do what these roles may.
    pub(in crate::web) fn may<Others: Roles>(&self) -> bool {
        Others::may(self.person.role)
    }
}

impl<R: Roles> FromRequest for Staff<R> {
    type Error = Turned;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Turned>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let staff = Self::of(&request).await?;
            // A handler that changes something and does not take [`Act`] changes nothing.
            if is_safe(&request) { Ok(staff) } else { Err(csrf().into()) }
        })
    }
}

/// What every form carries.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Hidden {
    csrf: String,
    once: String,
}

impl Hidden {
    fn submission(self, id: StaffId, endpoint: String, body: &[u8]) -> Option<Submission> {
        // Made by [`fresh`], so nothing else is one.
        let key = self.once.parse::<RequestId>().ok()?.to_string();
        let fingerprint = hex::encode(Sha256::digest(body));
        Some(Submission { holder: Actor::Staff(id).to_string(), endpoint, key, fingerprint })
    }
}

impl<R: Roles, F: DeserializeOwned + 'static> FromRequest for Act<R, F> {
    type Error = Turned;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Turned>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let staff = Staff::of(&request).await?;
            let body = read_form(&request, payload).await?;
            // A form that cannot be read has no token either.
            let hidden: Hidden = parse_form(&body).unwrap_or_default();
            staff.check_csrf(&hidden.csrf)?;
            let form = parse_form(&body)?;
            let submission = hidden.submission(staff.person.id, endpoint_of(&request), &body);
            Ok(Self { staff, form, submission })
        })
    }
}

fn is_safe(request: &HttpRequest) -> bool {
    [Method::GET, Method::HEAD].contains(request.method())
}

fn csrf() -> Refusal {
    let detail = "This form was made for another session: load the page again, then do it again.";
    Refusal::new(403, "csrf", detail)
}

/// Where the request has a page to go back to, it is shown after signing in.
fn turn_away(request: &HttpRequest) -> Turned {
    if is_safe(request) {
        let asked = request.uri().path_and_query().map_or("", |asked| asked.as_str());
        let next = serde_urlencoded::to_string([("next", asked)]).unwrap_or_default();
        return Turned::ToSignIn(format!("/admin/sign-in?{next}"));
    }
    let detail = "You are signed out, and nothing was changed: sign in, then do it again.";
    Refusal::new(401, "signed_out", detail).into()
}

/// The gate before the desk.
pub(super) fn gate_of(request: &HttpRequest) -> Result<Arc<StaffGate>, Error> {
    let gate = request.app_data::<web::Data<Arc<StaffGate>>>();
    let missing = || Error::internal("showing the desk", "no gate is registered");
    gate.map(|gate| Arc::clone(gate.get_ref())).ok_or_else(missing)
}

/// What the person's browser is known by.
pub(super) fn token_of(request: &HttpRequest) -> Option<Token> {
    Token::read(&cookie::read(request, cookie::DESK)?)
}

/// What the person's browser sends along when somebody signs in.
pub(super) fn browser_of(request: &HttpRequest) -> Browser {
    let known = cookie::read(request, cookie::BROWSER).and_then(|text| Token::read(&text));
    Browser { session: token_of(request), known }
}

/// Opens the desk for a browser.
///
/// # Errors
/// [`Error::Internal`] when a cookie cannot be written: a defect.
pub(super) fn let_in(signed_in: &SignedIn, next: &str) -> Result<HttpResponse, Error> {
    let keep = |name, token: &Token, days| cookie::keep(name, token.expose().to_owned(), days);
    let session = keep(cookie::DESK, &signed_in.token, SESSION_DAYS);
    let browser = keep(cookie::BROWSER, &signed_in.browser, BROWSER_DAYS);
    with_cookie(with_cookie(see_other(next), &session)?, &browser)
}

/// An answer that sets this cookie.
///
/// # Errors
/// [`Error::Internal`] when the cookie cannot be written: a defect.
pub(super) fn with_cookie(
    mut response: HttpResponse,
    cookie: &actix_web::cookie::Cookie<'_>,
) -> Result<HttpResponse, Error> {
    response.add_cookie(cookie).map_err(|failure| Error::internal("setting a cookie", failure))?;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}
