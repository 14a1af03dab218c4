//! Serves the document and a page that displays it; the page loads nothing from other hosts.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::RawPathParams;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::openapi::{OpenApi, ServerBuilder};
use utoipa_swagger_ui::Config;

use crate::error::{ApiError, Code};
use crate::state::AppState;

/// The routes of the document and its page; the document does not list them.
pub(crate) const PAGES: [&str; 4] = ["/api/openapi.json", "/api/docs", "/api/docs/", "/api/docs/{*file}"];

/// Reads compact seat states, for clients in JavaScript to import or to copy.
const SEAT_STATES_DECODER: &str = include_str!("../../assets/seat-states.js");

/// Serves a document and the page that displays it.
pub(crate) fn pages(mut document: OpenApi) -> Router<AppState> {
    // Relative to the document: the page's requests must also work if a host has nested the routes.
    document.servers = Some(vec![ServerBuilder::new().url("..").description(Some("this one")).build()]);
    let json = document.to_json().map(Bytes::from).map_err(Arc::new);
    // Relative, and without the online validator: the host may nest the routes, and may be offline.
    let config = Arc::new(Config::new(["../openapi.json"]).validator_url("none").use_base_layout());
    let [document, page, page_with_slash, files] = PAGES;
    Router::new()
        .route(document, get(async move || serve_document(json)))
        .route(page, get(async || (StatusCode::PERMANENT_REDIRECT, [(LOCATION, "docs/")])))
        .route(
            page_with_slash,
            get({
                let config = Arc::clone(&config);
                async move || serve_file("", config)
            }),
        )
        .route(
            files,
            get(async move |params: RawPathParams| {
                let file = params.iter().last().map_or("", |(_, file)| file);
                serve_file(file, config)
            }),
        )
}

fn serve_document(json: Result<Bytes, Arc<serde_json::Error>>) -> Response {
    match json {
        Ok(json) => ([(CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => ApiError::internal(error).into_response(),
    }
}

fn serve_file(name: &str, config: Arc<Config<'static>>) -> Response {
    if name == "seat-states.js" {
        return ([(CONTENT_TYPE, "text/javascript")], SEAT_STATES_DECODER).into_response();
    }
    match utoipa_swagger_ui::serve(name, config) {
        Ok(Some(file)) => {
            let content_type = [(CONTENT_TYPE, file.content_type)];
            let mut response = (content_type, file.bytes.into_owned()).into_response();
            if file.gzpipped {
                response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            response
        }
        Ok(None) => ApiError::new(Code::NotFound).into_response(),
        Err(error) => ApiError::internal(error.to_string()).into_response(),
    }
}
