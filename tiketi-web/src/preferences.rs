//! The switches for language and theme.

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use tiketi_core::language::Language;

use crate::cookies::Cookie;
use crate::form::Fields;
use crate::own_path::own_path;
use crate::theme::Theme;
use crate::visit::Visit;

/// How long a choice is kept, in seconds: a year.
const KEPT: i64 = 365 * 24 * 3_600;

pub(crate) fn routes() -> Router {
    Router::new().route("/preferences", post(choose))
}

/// Sets the language, or the theme, and goes back to the page.
async fn choose(visit: Visit, fields: Fields) -> Response {
    let language = Language::named(fields.get("language")).map(|chosen| (Cookie::Language, chosen.tag()));
    let theme = Theme::named(fields.get("theme")).map(|chosen| (Cookie::Theme, chosen.name()));
    let mut headers = HeaderMap::new();
    for (cookie, value) in [language, theme].into_iter().flatten() {
        if let Some(line) = cookie.set(value, KEPT, visit.scheme) {
            headers.append(SET_COOKIE, line);
        }
    }
    let back = own_path(fields.get("next")).or(own_path(fields.get("here"))).unwrap_or("/");
    (headers, Redirect::to(back)).into_response()
}
