//! Which pages may open a socket.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Uri};

/// Which pages may open a socket.
///
/// A browser sends a page's origin with the request that opens a socket, and, unlike with other requests, it leaves the
/// decision to the server. A request without an origin does not come from a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AllowedOrigins {
    /// Pages of the host that the request is sent to.
    #[default]
    SameHost,
    /// Pages of the same host, and of these origins, such as `https://shop.example`.
    AlsoThese(Vec<String>),
    /// Pages of every origin. Safe only if users authenticate with tokens, which other pages do not have.
    Any,
}

/// A text that is no origin such as `https://shop.example` or `http://localhost:5173`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text} is no origin such as https://shop.example")]
#[non_exhaustive]
pub struct InvalidOrigin {
    /// The text.
    pub text: String,
}

impl AllowedOrigins {
    /// Allows pages of the same host, and of these origins; `*` stands for every origin.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] naming the first text that is none.
    pub fn new<'t>(origins: impl IntoIterator<Item = &'t str>) -> Result<Self, InvalidOrigin> {
        let mut named = Vec::new();
        for text in origins {
            let text = text.trim();
            if text == "*" {
                return Ok(Self::Any);
            }
            let origin = Origin::of(text).ok_or_else(|| InvalidOrigin { text: text.to_owned() })?;
            named.push(origin.text());
        }
        Ok(if named.is_empty() { Self::SameHost } else { Self::AlsoThese(named) })
    }

    /// Returns whether a request to open a socket may be accepted.
    pub(crate) fn allows(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return true };
        if *self == Self::Any {
            return true;
        }
        let Some(origin) = origin.to_str().ok().and_then(Origin::of) else { return false };
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let is_same = host.is_some_and(|host| origin.is_at(host));
        is_same || matches!(self, Self::AlsoThese(named) if named.contains(&origin.text()))
    }
}

/// A scheme, a host in small letters, and a port that may be left out.
#[derive(Debug)]
struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    fn of(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?.to_ascii_lowercase(), uri.authority()?);
        let default = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let is_plain = is_bare && !text.ends_with('/') && !authority.as_str().contains('@');
        let (host, port) = (authority.host().to_ascii_lowercase(), authority.port_u16().unwrap_or(default));
        is_plain.then_some(Self { scheme, host, port })
    }

    /// Returns whether a `Host` header names the same host and port.
    fn is_at(&self, host: &str) -> bool {
        let same = format!("{}://{host}", self.scheme);
        Self::of(&same).is_some_and(|host| (host.host, host.port) == (self.host.clone(), self.port))
    }

    fn text(&self) -> String {
        format!("{}://{}:{}", self.scheme, self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(origins: &[&str], origin: &str, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if !origin.is_empty() {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        AllowedOrigins::new(origins.iter().copied()).unwrap().allows(&headers)
    }

    #[test]
    fn a_page_of_the_same_host_may_open_a_socket() {
        assert!(allows(&[], "https://shop.example", "shop.example"));
        assert!(allows(&[], "https://Shop.example", "shop.example:443"));
        assert!(allows(&[], "http://127.0.0.1:3001", "127.0.0.1:3001"));
        assert!(allows(&[], "http://[::1]:3001", "[::1]:3001"));
    }

    /// Seen to fail with the origin not looked at.
    #[test]
    fn a_page_of_another_host_may_not() {
        let others =
            ["https://shop.example.evil", "https://evil.example", "http://shop.example:8080", "null", "x"];
        for origin in others {
            assert!(!allows(&[], origin, "shop.example"), "{origin}");
        }
        assert!(!allows(&["https://app.example"], "http://app.example", "shop.example"));
    }

    #[test]
    fn a_page_of_a_named_origin_may() {
        let named = ["https://app.example", "http://localhost:5173"];
        assert!(allows(&named, "https://app.example", "api.example"));
        assert!(allows(&named, "http://localhost:5173", "api.example"));
        assert!(allows(&named, "https://api.example", "api.example"));
        assert!(!allows(&named, "http://localhost:5174", "api.example"));
        assert!(allows(&["*"], "https://evil.example", "api.example"));
    }

    #[test]
    fn a_request_that_comes_from_no_page_is_not_refused() {
        assert!(allows(&[], "", "shop.example"));
    }

    #[test]
    fn a_text_that_is_no_origin_is_refused_by_name() {
        for text in
            ["shop.example", "https://shop.example/page", "ftp://shop.example", "https://a@shop.example"]
        {
            assert_eq!(AllowedOrigins::new([text]).unwrap_err().text, text);
        }
    }
}
