//! The pages, and what browsers are told: which pages elsewhere may call the API, and to come over HTTPS only.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    STRICT_TRANSPORT_SECURITY, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tiketi_http::{AllowedOrigins, InvalidOrigin, TimeZone, TrustedProxies};

use crate::failure::Failure;
use crate::options::{Pages, Web};

/// The methods that routes have.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
/// The headers that clients send.
const HEADERS: HeaderValue = HeaderValue::from_static(
    "accept-language, authorization, content-type, idempotency-key, if-match, if-none-match, x-request-id",
);
/// The headers of answers that a page may read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "age, content-language, etag, idempotent-replayed, location, retry-after, www-authenticate, x-request-id",
);
/// How long a browser remembers what a page may send, in seconds.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");

/// The settings of what browsers are told.
#[derive(Debug, Clone)]
pub(crate) struct WebSettings {
    /// Whether the shop has pages of its own.
    pages: Pages,
    origins: Origins,
    /// For how long a browser uses HTTPS only; `None` for not at all.
    https_only: Option<HeaderValue>,
}

/// The pages elsewhere that may call the API.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origins {
    None,
    These(Vec<HeaderValue>),
    Any,
}

impl WebSettings {
    /// Checks the options.
    pub(crate) fn of(options: &Web) -> Result<Self, Failure> {
        let refused = |error: InvalidOrigin| Failure::new(format!("--cors-origins: {error}"));
        let named = AllowedOrigins::new(options.cors_origins.iter().map(String::as_str)).map_err(refused)?;
        let origins = match named {
            AllowedOrigins::Any => Origins::Any,
            AllowedOrigins::AlsoThese(_) => {
                let sent = options.cors_origins.iter().map(|origin| as_sent(origin));
                Origins::These(sent.filter_map(|origin| HeaderValue::from_str(&origin).ok()).collect())
            }
            _ => Origins::None,
        };
        Ok(Self { pages: options.pages, origins, https_only: https_only(options.hsts) })
    }

    /// Returns whether the shop has pages of its own.
    pub(crate) fn has_pages(&self) -> bool {
        self.pages == Pages::On
    }

    /// Puts the shop's pages before the routes of the API, unless they are switched off.
    pub(crate) fn add_pages(
        &self,
        api: Router,
        zone: TimeZone,
        proxies: &TrustedProxies,
    ) -> Result<Router, Failure> {
        if self.pages == Pages::Off {
            return Ok(api);
        }
        let proxies = proxies.clone();
        let settings =
            tiketi_web::Settings::default().https(move |peer, headers| proxies.is_https(peer, headers));
        let settings = settings.time_zone(&zone.to_string());
        let settings = settings.map_err(|error| Failure::during("--time-zone", &error))?;
        Ok(tiketi_web::router(api, settings))
    }

    /// Puts the headers around routes.
    pub(crate) fn add(&self, routes: Router, proxies: &TrustedProxies) -> Router {
        if self.origins == Origins::None && self.https_only.is_none() {
            return routes;
        }
        let told = Arc::new(Told { settings: self.clone(), proxies: proxies.clone() });
        routes.layer(from_fn_with_state(told, answer))
    }
}

/// Returns an origin as browsers send it: in small letters, and without the port that its scheme has anyway.
fn as_sent(origin: &str) -> String {
    let origin = origin.trim().to_ascii_lowercase();
    let port = if origin.starts_with("https:") { ":443" } else { ":80" };
    origin.strip_suffix(port).map_or(origin.clone(), str::to_owned)
}

fn https_only(time: Duration) -> Option<HeaderValue> {
    let seconds = time.as_secs();
    (seconds > 0).then(|| HeaderValue::from_str(&format!("max-age={seconds}")).ok()).flatten()
}

/// The settings, and the proxies that may say that a client came over HTTPS.
#[derive(Debug)]
struct Told {
    settings: WebSettings,
    proxies: TrustedProxies,
}

impl Origins {
    /// Returns what `Access-Control-Allow-Origin` says to a page; `None` if the page may not call.
    fn allowed(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let origin = request.get(ORIGIN)?;
        match self {
            Self::None => None,
            Self::These(named) => named.contains(origin).then(|| origin.clone()),
            // Users authenticate by tokens, which other pages do not have. No cookie is allowed with it.
            Self::Any => Some(HeaderValue::from_static("*")),
        }
    }
}

async fn answer(State(told): State<Arc<Told>>, request: Request, next: Next) -> Response {
    let Told { settings, proxies } = &*told;
    let allowed = settings.origins.allowed(request.headers());
    let https_only = settings.https_only.clone().filter(|_| came_over_https(&request, proxies));
    let mut response = match &allowed {
        Some(_) if is_preflight(&request) => preflight(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    if settings.origins != Origins::None {
        // A cache must not give one page what was said to another.
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
    if let Some(seconds) = https_only {
        headers.insert(STRICT_TRANSPORT_SECURITY, seconds);
    }
    response
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (ACCESS_CONTROL_MAX_AGE, REMEMBERED),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Returns whether a trusted proxy says so; what a client says itself does not count.
fn came_over_https(request: &Request, proxies: &TrustedProxies) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.is_some_and(|ConnectInfo(peer)| proxies.is_https(peer.ip(), request.headers()))
}
