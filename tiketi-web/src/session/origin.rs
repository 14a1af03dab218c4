//! Whether a request was sent by a page of this shop.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, Method, Uri};

/// What browsers say about the page that sent a request (source: W3C Fetch Metadata Request Headers, 2.3).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Returns whether a page of the same origin sent the request.
///
/// A browser over HTTPS or on the same machine says so itself, which no page can change. Others send the page's origin
/// with each write, and with what opens a socket. A request with neither comes from no browser that can be trusted.
pub(crate) fn is_same(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(ORIGIN), text(HOST)) else { return false };
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    address(scheme, authority).is_some_and(|origin| address(scheme, host) == Some(origin))
}

/// Returns whether a request may change something, or opens a socket.
pub(crate) fn is_write(method: &Method, headers: &HeaderMap) -> bool {
    !method.is_safe() || headers.contains_key(axum::http::header::UPGRADE)
}

/// Returns host and port, with the port that the scheme has anyway.
fn address(scheme: &str, authority: &str) -> Option<(String, u16)> {
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let uri: Uri = format!("{scheme}://{authority}").parse().ok()?;
    let found = uri.authority().filter(|found| found.as_str() == authority && !authority.contains('@'))?;
    Some((found.host().to_ascii_lowercase(), found.port_u16().unwrap_or(default)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(lines: &[(&str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        is_same(&headers)
    }

    #[test]
    fn the_word_of_the_browser_counts_first() {
        assert!(same(&[("sec-fetch-site", "same-origin")]));
        for other in ["same-site", "cross-site", "none", ""] {
            let lines =
                [("sec-fetch-site", other), ("origin", "http://shop.example"), ("host", "shop.example")];
            assert!(!same(&lines), "{other}");
        }
    }

    #[test]
    fn otherwise_the_origin_must_be_the_host() {
        for (origin, host) in [
            ("http://127.0.0.1:3001", "127.0.0.1:3001"),
            ("https://shop.example", "shop.example:443"),
            ("https://Shop.example", "shop.example"),
        ] {
            assert!(same(&[("origin", origin), ("host", host)]), "{origin}");
        }
        for origin in
            ["http://evil.example", "http://shop.example:81", "http://shop.example@evil.example", "null", ""]
        {
            assert!(!same(&[("origin", origin), ("host", "shop.example")]), "{origin}");
        }
    }

    #[test]
    fn a_request_that_says_nothing_is_from_no_page() {
        assert!(!same(&[("host", "shop.example")]));
    }
}
