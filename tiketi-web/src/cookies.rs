//! Cookies: reading those of a request, and writing those of an answer.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// Whether a request came over HTTPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// A cookie of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The access token.
    Access,
    /// The refresh token.
    Refresh,
    /// The chosen language.
    Language,
    /// The chosen theme.
    Theme,
}

impl Cookie {
    /// Returns the name under a scheme.
    ///
    /// Over HTTPS a token has the prefix with which browsers refuse cookies that another host, or a page over HTTP, has set.
    fn name(self, scheme: Scheme) -> &'static str {
        match (self, scheme) {
            (Self::Access, Scheme::Http) => "tiketi_access",
            (Self::Access, Scheme::Https) => "__Host-tiketi_access",
            (Self::Refresh, Scheme::Http) => "tiketi_refresh",
            (Self::Refresh, Scheme::Https) => "__Host-tiketi_refresh",
            (Self::Language, _) => "tiketi_language",
            (Self::Theme, _) => "tiketi_theme",
        }
    }

    /// Returns the value that a request has.
    pub(crate) fn read(self, headers: &HeaderMap, scheme: Scheme) -> Option<&str> {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, value)| *name == self.name(scheme) && !value.is_empty()).map(|(_, value)| value)
    }

    /// Returns the header that sets the cookie for some seconds; 0 removes it.
    ///
    /// `value` has only letters that a cookie may have; otherwise nothing is set.
    pub(crate) fn set(self, value: &str, seconds: i64, scheme: Scheme) -> Option<HeaderValue> {
        let is_plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
        let secure = if scheme == Scheme::Https { "; Secure" } else { "" };
        let line = format!(
            "{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}",
            self.name(scheme)
        );
        let mut line = HeaderValue::try_from(line).ok().filter(|_| is_plain)?;
        line.set_sensitive(true);
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_over_https_stays_there() {
        let line = Cookie::Access.set("a.b-c_d", 60, Scheme::Https).unwrap();
        assert_eq!(line, "__Host-tiketi_access=a.b-c_d; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        let line = Cookie::Access.set("a", 0, Scheme::Http).unwrap();
        assert_eq!(line, "tiketi_access=a; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        assert!(Cookie::Access.set("a; Domain=evil.example", 60, Scheme::Http).is_none());
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; tiketi_language=ko".parse().unwrap());
        headers.append(COOKIE, "tiketi_access=token".parse().unwrap());
        assert_eq!(Cookie::Language.read(&headers, Scheme::Http), Some("ko"));
        assert_eq!(Cookie::Access.read(&headers, Scheme::Http), Some("token"));
        // Over HTTPS a cookie without the prefix may be that of another host.
        assert_eq!(Cookie::Access.read(&headers, Scheme::Https), None);
    }
}
