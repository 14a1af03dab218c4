//! The OpenAPI document: what the handlers say about themselves, and what holds for all of them.

mod aliases;
mod document;
mod pages;

use utoipa::openapi::OpenApi;

use crate::router::gathered;

pub(crate) use document::complete;
pub(crate) use pages::pages;

/// Returns the OpenAPI 3.1 document that describes the routes.
///
/// ```
/// assert_eq!(tiketi_http::openapi().info.title, "Tiketi");
/// ```
pub fn openapi() -> OpenApi {
    complete(gathered().into_openapi())
}

#[cfg(test)]
mod tests;
