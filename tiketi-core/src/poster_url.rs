//! Where the poster of an event is.

use std::fmt;
use std::str::FromStr;

/// Most characters of the URL of a poster.
pub const MAX_POSTER_URL_CHARS: usize = 500;

/// Where the poster of an event is: an image of the shop, `/images/…`, or an `https` URL.
///
/// No other scheme is accepted: a page would load the poster without encryption, or run it.
///
/// ```
/// use tiketi_core::poster_url::PosterUrl;
///
/// assert!("https://cdn.example/poster.webp".parse::<PosterUrl>().is_ok());
/// assert!("javascript:alert(1)".parse::<PosterUrl>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct PosterUrl(String);

/// A text that is no URL of a poster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an image of the shop, /images/…, or an https URL of at most {MAX_POSTER_URL_CHARS} characters"
)]
#[non_exhaustive]
pub struct InvalidPosterUrl;

impl PosterUrl {
    /// Returns the URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PosterUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PosterUrl {
    type Err = InvalidPosterUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPosterUrl> {
        let is_one = match text.strip_prefix("/images/") {
            Some(name) => is_image_name(name),
            None => text.strip_prefix("https://").is_some_and(is_after_https),
        };
        if is_one && text.len() <= MAX_POSTER_URL_CHARS {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPosterUrl)
        }
    }
}

impl TryFrom<String> for PosterUrl {
    type Error = InvalidPosterUrl;

    fn try_from(text: String) -> Result<Self, InvalidPosterUrl> {
        text.parse()
    }
}

impl From<PosterUrl> for String {
    fn from(url: PosterUrl) -> Self {
        url.0
    }
}

/// Returns whether a text is a hash in hex and an extension, as an upload names an image.
fn is_image_name(name: &str) -> bool {
    name.split_once('.').is_some_and(|(hash, extension)| {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        hash.len() == 64 && hash.bytes().all(is_hex) && matches!(extension, "png" | "jpg" | "webp")
    })
}

/// Returns whether a text is a host and what may follow it, of characters that need no quotes in a page.
fn is_after_https(rest: &str) -> bool {
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte);
    // A name before the host would show another host to a reader.
    !host.is_empty() && !host.contains('@') && !host.starts_with(':') && rest.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poster_is_an_image_of_the_shop_or_an_https_url() {
        let image = format!("/images/{}.webp", "0a".repeat(32));
        for good in [&*image, "https://cdn.example/a.png?w=1#top", "https://[2001:db8::1]:8443/a"] {
            assert_eq!(good.parse::<PosterUrl>().unwrap().as_str(), good);
        }
        let long = format!("https://cdn.example/{}", "a".repeat(MAX_POSTER_URL_CHARS));
        for wrong in [
            "",
            "http://cdn.example/a.png",
            "https://",
            "https:///a.png",
            "HTTPS://cdn.example/a.png",
            "//cdn.example/a.png",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "https://cdn.example/a\"onload=\"x",
            "https://cdn.example/a b",
            "https://shop.example@evil.example/a.png",
            "https://cdn.example/포스터.png",
            "/images/../secret",
            "/images/poster.png",
            "/other/a.png",
            &format!("/images/{}.svg", "0a".repeat(32)),
            &long,
        ] {
            assert_eq!(wrong.parse::<PosterUrl>(), Err(InvalidPosterUrl), "{wrong}");
        }
    }
}
