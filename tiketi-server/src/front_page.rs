//! `/`: a page that says what this server is, with links.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;

/// Has no styles or scripts, because the content policy allows none; links are relative, to work below a path.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tiketi</title>
</head>
<body>
<h1>Tiketi</h1>
<p>This server sells tickets over HTTP: events, seats, reservations and payments.</p>
<ul>
<li><a href="api/docs/">The interface</a>, to read and to try</li>
<li><a href="api/openapi.json">The interface as an OpenAPI document</a></li>
<li><a href="api/events">The events</a>, as JSON</li>
<li><a href="health/all">How the server and its store are</a>, as JSON</li>
<li><a href="metrics">Its metrics</a>, for Prometheus</li>
</ul>
</body>
</html>
"#;

/// Shows the page.
pub(crate) async fn show() -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
        (CACHE_CONTROL, "no-cache"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, PAGE)
}
