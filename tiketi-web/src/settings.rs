//! Settings of the pages.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use chrono_tz::Tz;
use tiketi_core::clock::{SystemClock, TimeOrderedIds};
use tiketi_core::{Clock, IdSource};

/// Says whether a client's request came over HTTPS, by the address of the peer and the headers.
type SchemeCheck = Arc<dyn Fn(IpAddr, &HeaderMap) -> bool + Send + Sync>;

/// Settings of the pages.
#[derive(Clone)]
#[must_use]
pub struct Settings {
    pub(crate) is_https: SchemeCheck,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) zone: Tz,
    pub(crate) shop: String,
}

/// A text that is no name of a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is not a time zone: expected a name of the IANA database such as Asia/Seoul")]
#[non_exhaustive]
pub struct UnknownZone {
    /// The text.
    pub name: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            is_https: Arc::new(|_, _| false),
            clock: Arc::new(SystemClock),
            ids: Arc::new(TimeOrderedIds),
            zone: Tz::Asia__Seoul,
            shop: "Tiketi".to_owned(),
        }
    }
}

impl Settings {
    /// Sets how to tell that a request came over HTTPS; cookies of such requests are sent back over HTTPS only.
    ///
    /// Give the check of `tiketi_http::TrustedProxies::is_https`. Without one, no request counts as HTTPS.
    pub fn https(mut self, check: impl Fn(IpAddr, &HeaderMap) -> bool + Send + Sync + 'static) -> Self {
        self.is_https = Arc::new(check);
        self
    }

    /// Sets the clock; that of the system by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the source of the once-only keys of forms; new ids by default.
    pub fn ids(mut self, ids: Arc<dyn IdSource>) -> Self {
        self.ids = ids;
        self
    }

    /// Sets the time zone in which times are shown; `Asia/Seoul` by default.
    ///
    /// # Errors
    ///
    /// [`UnknownZone`] if the IANA database has no such name.
    pub fn time_zone(mut self, name: &str) -> Result<Self, UnknownZone> {
        self.zone = name.parse().map_err(|_| UnknownZone { name: name.to_owned() })?;
        Ok(self)
    }

    /// Sets the name that the shop has on its pages; `Tiketi` by default.
    pub fn shop(mut self, name: impl Into<String>) -> Self {
        self.shop = name.into();
        self
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("zone", &self.zone).field("shop", &self.shop).finish_non_exhaustive()
    }
}
