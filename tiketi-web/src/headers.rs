//! Headers of every page.

use axum::extract::Request;
use axum::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use crate::assets::{accepts_gzip, compressed};
use crate::error_page::rendered;
use crate::visit::Visit;

/// What a page may load and where its forms go: nothing but this shop. Posters may be at other hosts, over HTTPS only.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; \
    connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// Fewest bytes that are compressed.
const WORTH_COMPRESSING: usize = 1_024;

/// What a page's answer depends on beside the page.
pub(crate) struct Asked {
    visit: Option<Visit>,
    gzip: bool,
    /// The page that the browser has, by its `ETag`.
    known: Option<HeaderValue>,
}

impl Asked {
    /// Reads a request.
    pub(crate) fn of(request: &Request) -> Self {
        let is_read = request.method() == Method::GET;
        Self {
            visit: request.extensions().get::<Visit>().cloned(),
            gzip: accepts_gzip(request.headers()),
            known: request.headers().get(IF_NONE_MATCH).cloned().filter(|_| is_read),
        }
    }
}

/// Finishes the answer of each page.
pub(crate) async fn of_pages(request: Request, next: Next) -> Response {
    let asked = Asked::of(&request);
    finished(asked, next.run(request).await).await
}

/// Writes the page of a failure, adds the headers of every page, compresses it, and says that a visitor has it already.
pub(crate) async fn finished(asked: Asked, mut response: Response) -> Response {
    let Asked { visit, gzip, known } = asked;
    if let Some(visit) = &visit {
        response = rendered(response, visit);
    }
    let headers = response.headers_mut();
    let defaults = [
        (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        // Not `no-referrer`: with it, browsers send no origin with forms.
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.append(VARY, HeaderValue::from_static("cookie, accept-language, accept-encoding"));
    let is_html = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_html { packed(response, gzip, known).await } else { response }
}

/// Names a page by its bytes, but for the server's time, which it says to scripts.
fn digest(page: &[u8]) -> impl AsRef<[u8]> {
    const TIME: &[u8] = b" data-now=\"";
    let at =
        page.windows(TIME.len()).position(|found| found == TIME).map_or(page.len(), |at| at + TIME.len());
    let (before, rest) = page.split_at(at);
    let end = rest.iter().position(|byte| *byte == b'"').unwrap_or(0);
    let mut digest = Sha256::new();
    digest.update(before);
    digest.update(rest.get(end..).unwrap_or_default());
    digest.finalize()
}

/// Compresses a page, and names its bytes so that they are not sent twice.
async fn packed(response: Response, gzip: bool, known: Option<HeaderValue>) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = body.collect().await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let body = body.to_bytes();
    if parts.status == StatusCode::OK {
        let digest = hex::encode(digest(&body));
        let tag = HeaderValue::try_from(format!("W/\"{}\"", digest.get(..32).unwrap_or(&digest)));
        if let Ok(tag) = tag {
            let is_known = known.is_some_and(|known| known == tag);
            parts.headers.insert(ETAG, tag);
            if is_known {
                parts.status = StatusCode::NOT_MODIFIED;
                parts.headers.remove(CONTENT_TYPE);
                return (parts, ()).into_response();
            }
        }
    }
    match compressed(&body).filter(|_| gzip && body.len() >= WORTH_COMPRESSING) {
        Some(packed) => {
            parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            parts.headers.remove(CONTENT_LENGTH);
            (parts, packed).into_response()
        }
        None => (parts, body).into_response(),
    }
}
