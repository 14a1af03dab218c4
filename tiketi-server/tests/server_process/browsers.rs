//! What browsers are told: which pages may call, and to come over HTTPS.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use tiketi_server_harness::{Running, run};

const PAGE: &str = "https://app.example";

/// Sends a request with these headers, and returns the status and the headers of the answer.
async fn ask(running: &Running, method: Method, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap) {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut request = client.request(method, format!("http://{}{path}", running.address()));
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request = request.header(name, HeaderValue::from_str(value).unwrap());
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone())
}

fn value<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// Seen to fail with the origin sent back unread.
#[tokio::test]
async fn only_pages_on_the_list_may_call() {
    let running = Running::start(&["--cors-origins=https://App.example:443,http://localhost:5173"]).await;
    let asked = [("origin", PAGE), ("access-control-request-method", "POST")];
    let (status, headers) = ask(&running, Method::OPTIONS, "/api/reservations", &asked).await;
    assert_eq!((status, value(&headers, "access-control-allow-origin")), (204, PAGE));
    assert!(value(&headers, "access-control-allow-headers").contains("idempotency-key"));
    assert!(value(&headers, "access-control-allow-methods").contains("PATCH"));
    let (status, headers) = ask(&running, Method::GET, "/api/events", &[("origin", PAGE)]).await;
    assert_eq!((status, value(&headers, "access-control-allow-origin")), (200, PAGE));
    assert!(value(&headers, "access-control-expose-headers").contains("etag"));
    assert_eq!(value(&headers, "access-control-allow-credentials"), "");
    // An error has to be readable, too.
    let (status, headers) = ask(&running, Method::GET, "/api/auth/me", &[("origin", PAGE)]).await;
    assert_eq!((status, value(&headers, "access-control-allow-origin")), (401, PAGE));
    for other in ["https://app.example.evil", "http://app.example", "https://app.example:444", "null"] {
        let asked = [("origin", other), ("access-control-request-method", "POST")];
        let (status, headers) = ask(&running, Method::OPTIONS, "/api/reservations", &asked).await;
        assert_eq!((status, value(&headers, "access-control-allow-origin")), (405, ""), "{other}");
        let (_, headers) = ask(&running, Method::GET, "/api/events", &[("origin", other)]).await;
        assert_eq!(value(&headers, "access-control-allow-origin"), "", "{other}");
        assert!(headers.get_all("vary").iter().any(|value| value == "origin"), "a cache would mix them up");
    }
}

#[tokio::test]
async fn without_a_list_no_page_may_call() {
    let running = Running::start(&[]).await;
    let (_, headers) = ask(&running, Method::GET, "/api/events", &[("origin", PAGE)]).await;
    assert_eq!(value(&headers, "access-control-allow-origin"), "");
    let refused = run(&["--cors-origins=app.example"]).await;
    assert!(refused.code != Some(0) && refused.err.contains("--cors-origins"), "{refused:?}");
}

/// Seen to fail with the scheme of any peer believed.
#[tokio::test]
async fn https_is_required_only_where_a_trusted_proxy_said_that_it_is_there() {
    const NAME: &str = "strict-transport-security";
    let https = [("x-forwarded-proto", "https")];
    let behind = Running::start(&["--trusted-proxies=127.0.0.0/8"]).await;
    assert_eq!(value(&ask(&behind, Method::GET, "/health", &https).await.1, NAME), "max-age=31536000");
    let http = [("x-forwarded-proto", "http")];
    assert_eq!(value(&ask(&behind, Method::GET, "/health", &http).await.1, NAME), "");
    assert_eq!(value(&ask(&behind, Method::GET, "/health", &[]).await.1, NAME), "");
    let alone = Running::start(&[]).await;
    assert_eq!(value(&ask(&alone, Method::GET, "/health", &https).await.1, NAME), "");
    let off = Running::start(&["--trusted-proxies=127.0.0.0/8", "--hsts=0s"]).await;
    assert_eq!(value(&ask(&off, Method::GET, "/health", &https).await.1, NAME), "");
}

/// The page shows the document, and runs nothing that is not its own.
#[tokio::test]
async fn the_page_of_the_interface_has_a_policy_and_is_compressed_and_cached() {
    let running = Running::start(&[]).await;
    let gzip = [("accept-encoding", "gzip")];
    for path in ["/api/docs/", "/api/docs/swagger-ui-bundle.js", "/api/openapi.json"] {
        let (status, headers) = ask(&running, Method::GET, path, &gzip).await;
        assert_eq!((status, value(&headers, "content-encoding")), (200, "gzip"), "{path}");
        let tag = value(&headers, "etag");
        let known = [("accept-encoding", "gzip"), ("if-none-match", tag)];
        assert_eq!(ask(&running, Method::GET, path, &known).await.0, 304, "{path}");
        let (status, headers) = ask(&running, Method::GET, path, &[]).await;
        assert_eq!((status, value(&headers, "content-encoding")), (200, ""), "{path}");
        if path.starts_with("/api/docs") {
            let policy = value(&headers, "content-security-policy");
            assert!(
                policy.contains("default-src 'none'") && policy.contains("script-src 'self';"),
                "{policy}"
            );
        }
    }
}
