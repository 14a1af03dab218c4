//! Where the shop is, and in which time zone its events are.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tiketi_core::Timestamp;
use tiketi_core::language::Language;
use url::Url;

/// What letters say about the shop.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Shopfront {
    /// The public address of the shop.
    pub url: PublicUrl,
    /// Name of the shop; `Tiketi` by default.
    pub name: String,
    /// The time zone of dates; Seoul by default.
    pub time_zone: Tz,
}

impl Shopfront {
    /// Describes a shop at a public address.
    pub fn new(url: PublicUrl) -> Self {
        Self { url, name: "Tiketi".to_owned(), time_zone: Tz::Asia__Seoul }
    }

    /// Sets the name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the time zone.
    #[must_use]
    pub fn time_zone(mut self, zone: Tz) -> Self {
        self.time_zone = zone;
        self
    }

    /// Writes a moment with its time zone.
    pub(super) fn moment(&self, moment: Timestamp, language: Language) -> String {
        let utc = DateTime::<Utc>::from_timestamp_micros(moment.as_micros()).unwrap_or_default();
        let form = match language {
            Language::English => "%-d %B %Y, %H:%M (%Z)",
            Language::Korean => "%Y년 %-m월 %-d일 %H:%M (%Z)",
        };
        utc.with_timezone(&self.time_zone).format(form).to_string()
    }
}

/// The public address of the shop, from which links in mails are made.
///
/// Links lead to the pages `/reservations/ID`, `/events/ID` and `/reset/CODE-ID` below it. No link has a code: it would stand in the
/// logs of servers on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

/// A text that is no public address of a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the public address begins with https:// or http://, and has no user, query or fragment")]
#[non_exhaustive]
pub struct PublicUrlError;

impl PublicUrl {
    /// Returns the address of a page of the shop.
    pub(super) fn page(&self, page: &str) -> String {
        format!("{}{page}", self.0)
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let url: Url = text.parse().map_err(|_| PublicUrlError)?;
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !is_plain {
            return Err(PublicUrlError);
        }
        let mut address = String::from(url);
        if !address.ends_with('/') {
            address.push('/');
        }
        Ok(Self(address))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
