//! What all requests share.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};

use crate::cookies::Scheme;
use crate::settings::Settings;

/// The routes of the API, and the settings.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) api: Router,
    pub(crate) settings: Settings,
}

impl Shop {
    /// Returns the current time in seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        self.settings.clock.now().as_micros().div_euclid(1_000_000)
    }

    /// Returns whether a request came over HTTPS.
    pub(crate) fn scheme_of(&self, request: &Request) -> Scheme {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let is_https =
            peer.is_some_and(|ConnectInfo(peer)| (self.settings.is_https)(peer.ip(), request.headers()));
        if is_https { Scheme::Https } else { Scheme::Http }
    }
}
