//! Serves the document and a page that displays it; the page loads nothing from other hosts.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::RawPathParams;
use axum::http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::openapi::{OpenApi, ServerBuilder};
use utoipa_swagger_ui::Config;

use crate::error::{ApiError, Code};
use crate::gzip::gunzip;
use crate::openapi::packed::Packed;
use crate::state::AppState;

/// The routes of the document and its page; the document does not list them.
pub(crate) const PAGES: [&str; 4] = ["/api/openapi.json", "/api/docs", "/api/docs/", "/api/docs/{*file}"];

/// Reads compact seat states, for clients in JavaScript to import or to copy.
const SEAT_STATES_DECODER: &str = include_str!("../../assets/seat-states.js");

/// What the page may load: itself. It sets styles in its own document.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Clients ask each time whether they have the latest: the document is that of the release.
const ASK: &str = "public, no-cache";
/// The page's files change with its release only.
const DAY: &str = "public, max-age=86400";

/// Serves a document and the page that displays it.
pub(crate) fn pages(mut document: OpenApi) -> Router<AppState> {
    // Relative to the document: the page's requests must also work if a host has nested the routes.
    document.servers = Some(vec![ServerBuilder::new().url("..").description(Some("this one")).build()]);
    let json = document.to_json().map_err(io::Error::from);
    let json = json.and_then(|json| Packed::of(json.as_bytes(), "application/json", ASK)).map_err(Arc::new);
    let files = Arc::new(PageFiles::default());
    let [document, page, page_with_slash, others] = PAGES;
    Router::new()
        .route(document, get(async move |headers: HeaderMap| serve_document(&json, &headers)))
        .route(page, get(async || (StatusCode::PERMANENT_REDIRECT, [(LOCATION, "docs/")])))
        .route(
            page_with_slash,
            get({
                let files = Arc::clone(&files);
                async move |headers: HeaderMap| files.serve("", &headers)
            }),
        )
        .route(
            others,
            get(async move |params: RawPathParams, headers: HeaderMap| {
                let file = params.iter().last().map_or("", |(_, file)| file);
                files.serve(file, &headers)
            }),
        )
}

fn serve_document(json: &Result<Packed, Arc<io::Error>>, request: &HeaderMap) -> Response {
    match json {
        Ok(json) => json.answer(request),
        Err(error) => ApiError::internal(Arc::clone(error)).into_response(),
    }
}

/// The files of the page, each compressed when it is first asked for.
struct PageFiles {
    config: Config<'static>,
    /// Only names of files that exist are in it.
    packed: Mutex<HashMap<String, Packed>>,
}

impl Default for PageFiles {
    /// Shows the document at its relative address, and without the online validator: the host may nest the routes, and
    /// may be offline.
    fn default() -> Self {
        let config = Config::new(["../openapi.json"]).validator_url("none").use_base_layout();
        Self { config, packed: Mutex::default() }
    }
}

impl PageFiles {
    fn serve(&self, name: &str, request: &HeaderMap) -> Response {
        let mut response = match self.packed(name) {
            Ok(Some(file)) => file.answer(request),
            Ok(None) => ApiError::new(Code::NotFound).into_response(),
            Err(error) => ApiError::internal(error).into_response(),
        };
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        response
    }

    /// Returns a file; `None` if there is none of this name.
    fn packed(&self, name: &str) -> io::Result<Option<Packed>> {
        // Nothing in here panics between two writes.
        let mut packed = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = packed.get(name) {
            return Ok(Some(known.clone()));
        }
        let Some(file) = self.read(name)? else { return Ok(None) };
        packed.insert(name.to_owned(), file.clone());
        Ok(Some(file))
    }

    fn read(&self, name: &str) -> io::Result<Option<Packed>> {
        if name == "seat-states.js" {
            return Packed::of(SEAT_STATES_DECODER.as_bytes(), "text/javascript", ASK).map(Some);
        }
        let found = utoipa_swagger_ui::serve(name, Arc::new(self.config.clone()));
        let Some(file) = found.map_err(|error| io::Error::other(error.to_string()))? else { return Ok(None) };
        let plain = if file.gzpipped { gunzip(&file.bytes)? } else { file.bytes.into_owned() };
        let is_page = matches!(name, "" | "index.html" | "swagger-initializer.js");
        Packed::of(&plain, &file.content_type, if is_page { ASK } else { DAY }).map(Some)
    }
}
