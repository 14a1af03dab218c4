//! One request of a visitor: who, in which language, with which calls of the API.

use std::ops::Deref;
use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, REFERER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tiketi_core::Timestamp;
use tiketi_core::language::Language;

use crate::amount;
use crate::api::Api;
use crate::claims::Claims;
use crate::cookies::{Cookie, Scheme};
use crate::failure::Failure;
use crate::language;
use crate::moment::Moment;
use crate::own_path::own_path;
use crate::shop::Shop;
use crate::texts::Text;
use crate::theme::Theme;

/// One request of a visitor; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Visit(Arc<Inner>);

/// What a [`Visit`] knows.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) shop: Arc<Shop>,
    pub(crate) api: Api,
    pub(crate) language: Language,
    pub(crate) theme: Theme,
    pub(crate) scheme: Scheme,
    /// Who is signed in, as the cookie says.
    pub(crate) user: Option<Claims>,
    /// Path and query of the page.
    pub(crate) path: String,
    /// The page to come back to: this one, or the one with the form that was sent.
    pub(crate) back: String,
    /// The host that the request names, and whether it is the shop's only by the visitor's word.
    host: String,
}

impl Visit {
    /// Reads what a request says.
    pub(crate) fn new(
        shop: &Arc<Shop>,
        api: Api,
        request: &Request,
        scheme: Scheme,
        user: Option<Claims>,
    ) -> Self {
        let headers = request.headers();
        let chosen = Cookie::Language.read(headers, scheme).and_then(Language::named);
        let language = chosen.unwrap_or_else(|| language::preferred(headers));
        let theme = Cookie::Theme.read(headers, scheme).and_then(Theme::named).unwrap_or(Theme::Auto);
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let came_from = text(REFERER).and_then(|referer| referer.parse::<Uri>().ok());
        let came_from = came_from.and_then(|referer| referer.path_and_query().map(ToString::to_string));
        let back = if request.method().is_safe() { Some(path.clone()) } else { came_from };
        let back = back.and_then(|back| own_path(&back).map(str::to_owned)).unwrap_or_else(|| "/".to_owned());
        let host = text(HOST).unwrap_or_default().to_owned();
        let (shop, api) = (Arc::clone(shop), api.in_language(language));
        Self(Arc::new(Inner { shop, api, language, theme, scheme, user, path, back, host }))
    }

    /// Starts a sentence in the visitor's language.
    pub(crate) fn t<'t>(&self, id: &'t str) -> Text<'t> {
        Text::new(self.language, id)
    }

    /// Returns the user, or sends the visitor to sign in.
    pub(crate) fn signed_in(&self) -> Result<&Claims, Failure> {
        self.user.as_ref().ok_or_else(Failure::sign_in)
    }

    /// Returns the server's time.
    pub(crate) fn now(&self) -> Timestamp {
        self.shop.settings.clock.now()
    }

    /// Returns a new once-only key for a form.
    pub(crate) fn new_key(&self) -> String {
        self.shop.settings.ids.next().to_string()
    }

    /// Places a moment of the wire contract in the shop's time zone.
    pub(crate) fn moment(&self, at: Timestamp) -> Moment {
        Moment::new(self.language, self.shop.settings.zone, at)
    }

    /// Writes money.
    pub(crate) fn money(&self, minor: i64, currency: &str) -> String {
        amount::written(self.language, minor, currency)
    }

    /// Returns the shop's address as this visitor reaches it, such as `https://shop.example`.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.scheme == Scheme::Https { "https" } else { "http" };
        format!("{scheme}://{}", self.host)
    }

    /// Returns the page at which the visitor signs in, and comes back from.
    pub(crate) fn sign_in_path(&self) -> String {
        format!("/sign-in?next={}", utf8_percent_encode(&self.back, NON_ALPHANUMERIC))
    }

    /// Answers with a page.
    pub(crate) fn html(&self, template: &impl Template) -> Response {
        match template.render() {
            Ok(html) => {
                let cache = if self.user.is_some() { "no-store" } else { "private, no-cache" };
                ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, cache)], html).into_response()
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a page cannot be written");
                axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

impl Deref for Visit {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        // The layer around all pages adds it.
        parts.extensions.get::<Self>().cloned().ok_or_else(Failure::not_found)
    }
}
