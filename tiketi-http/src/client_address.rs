//! The address of the client that sent a request, also behind proxies.
//!
//! One rule for all that counts by address: joining a waiting room, signing in and registering.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// Which peers are proxies of the shop, and in which header they name their clients.
///
/// A proxy appends the address that it received the request from. So the list is read from its end: the first address
/// that is no trusted proxy is the client. What is before it, the client may have written itself, and it is not read.
/// A request from a peer that is no trusted proxy comes from that peer, whatever its headers say.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: ForwardedHeader,
}

/// The header in which trusted proxies name their clients.
///
/// Only this one is read: a proxy passes on what a client wrote in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of cases, which hosts choose from")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, a list of addresses.
    #[default]
    XForwardedFor,
    /// `Forwarded` with `for=`, by RFC 7239.
    Forwarded,
}

/// A text that is neither a network such as `10.0.0.0/8` nor an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text} is neither a network such as 10.0.0.0/8 nor an address")]
#[non_exhaustive]
pub struct InvalidNetwork {
    /// The text.
    pub text: String,
}

impl TrustedProxies {
    /// Trusts proxies in these networks, written such as `10.0.0.0/8`, `2001:db8::/32` or `192.0.2.7`.
    ///
    /// # Errors
    ///
    /// [`InvalidNetwork`] naming the first text that is none.
    pub fn new<'t>(networks: impl IntoIterator<Item = &'t str>) -> Result<Self, InvalidNetwork> {
        let networks = networks.into_iter().map(network).collect::<Result<_, _>>()?;
        Ok(Self { networks, header: ForwardedHeader::default() })
    }

    /// Sets the header that the proxies write; [`ForwardedHeader::XForwardedFor`] by default.
    #[must_use]
    pub fn header(mut self, header: ForwardedHeader) -> Self {
        self.header = header;
        self
    }

    /// Returns the address of the client whose request came from `peer`.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let mut named = self.named(headers);
        while self.trusts(client) {
            // A text that is no address ends the list: it may be the client's own.
            let Some(Some(before)) = named.pop() else { break };
            client = before;
        }
        client
    }

    /// Returns whether a trusted proxy received the client's request over HTTPS, as it says in `X-Forwarded-Proto`, or in
    /// `Forwarded` with `proto=`.
    ///
    /// Of several proxies the last one's word counts, which the client cannot write.
    pub fn is_https(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        if !self.contains(peer) {
            return false;
        }
        let name = match self.header {
            ForwardedHeader::XForwardedFor => "x-forwarded-proto",
            ForwardedHeader::Forwarded => "forwarded",
        };
        let last = headers.get_all(name).iter().next_back().and_then(|line| line.to_str().ok());
        let Some(element) = last.and_then(|line| line.rsplit(',').next()) else { return false };
        match self.header {
            ForwardedHeader::XForwardedFor => element.trim().eq_ignore_ascii_case("https"),
            ForwardedHeader::Forwarded => element.split(';').any(|pair| {
                let named =
                    pair.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("proto"));
                named.is_some_and(|(_, scheme)| scheme.trim().trim_matches('"').eq_ignore_ascii_case("https"))
            }),
        }
    }

    /// Returns whether an address is that of a trusted proxy.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.trusts(address.to_canonical())
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Returns the addresses that the header names, in its order; `None` for a text that is no address.
    fn named(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        if self.networks.is_empty() {
            return Vec::new();
        }
        let name = match self.header {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        };
        let lines = headers.get_all(name).iter();
        lines
            .flat_map(|line| match line.to_str() {
                Ok(line) => line.split(',').map(|element| self.address(element)).collect(),
                Err(_) => vec![None],
            })
            .collect()
    }

    fn address(&self, element: &str) -> Option<IpAddr> {
        match self.header {
            ForwardedHeader::XForwardedFor => node(element.trim()),
            ForwardedHeader::Forwarded => element.split(';').find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                name.trim().eq_ignore_ascii_case("for").then(|| node(value.trim().trim_matches('"')))?
            }),
        }
    }
}

/// Reads an address, with or without a port; IPv6 in brackets or not.
fn node(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(address, _)| address);
    let address = IpAddr::from_str(bare.unwrap_or(text)).ok();
    let address = address.or_else(|| SocketAddr::from_str(text).ok().map(|node| node.ip()));
    address.map(|address| address.to_canonical())
}

fn network(text: &str) -> Result<IpNet, InvalidNetwork> {
    let text = text.trim();
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| InvalidNetwork { text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client(trusted: &[&str], header: ForwardedHeader, peer: &str, lines: &[&str]) -> String {
        let proxies = TrustedProxies::new(trusted.iter().copied()).unwrap().header(header);
        let mut headers = HeaderMap::new();
        for name in ["x-forwarded-for", "forwarded"] {
            let is_read = (name == "forwarded") == (header == ForwardedHeader::Forwarded);
            for line in if is_read { lines } else { &["203.0.113.99", "for=203.0.113.99"] } {
                headers.append(name, line.parse().unwrap());
            }
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    fn x_forwarded_for(trusted: &[&str], peer: &str, lines: &[&str]) -> String {
        client(trusted, ForwardedHeader::XForwardedFor, peer, lines)
    }

    /// Seen to fail with the peer not asked, and with the first address of the list taken.
    #[test]
    fn a_client_does_not_choose_its_own_address() {
        let proxy = ["10.0.0.0/8"];
        assert_eq!(x_forwarded_for(&[], "192.0.2.1", &["198.51.100.9"]), "192.0.2.1");
        assert_eq!(x_forwarded_for(&proxy, "192.0.2.1", &["198.51.100.9"]), "192.0.2.1");
        assert_eq!(x_forwarded_for(&proxy, "10.0.0.1", &["198.51.100.9, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(x_forwarded_for(&proxy, "10.0.0.1", &["198.51.100.9", "192.0.2.1"]), "192.0.2.1");
        assert_eq!(x_forwarded_for(&proxy, "10.0.0.1", &["10.9.9.9, 192.0.2.1"]), "192.0.2.1");
    }

    #[test]
    fn proxies_behind_proxies_are_passed_over() {
        let proxies = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"];
        let list = ["198.51.100.9, 203.0.113.5, 2001:db8::1, 192.0.2.7"];
        assert_eq!(x_forwarded_for(&proxies, "10.0.0.1", &list), "203.0.113.5");
        assert_eq!(x_forwarded_for(&proxies, "::ffff:10.0.0.1", &list), "203.0.113.5");
    }

    #[test]
    fn without_a_client_in_the_list_the_last_known_hop_counts() {
        let proxy = ["10.0.0.0/8"];
        assert_eq!(x_forwarded_for(&proxy, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(x_forwarded_for(&proxy, "10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(x_forwarded_for(&proxy, "10.0.0.1", &["198.51.100.9, unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(x_forwarded_for(&proxy, "10.0.0.1", &["198.51.100.9, , 10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn addresses_are_read_with_ports_and_brackets() {
        let proxy = ["10.0.0.0/8"];
        for (written, read) in [
            ("192.0.2.1:4711", "192.0.2.1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(x_forwarded_for(&proxy, "10.0.0.1", &[written]), read);
        }
    }

    #[test]
    fn the_standard_header_is_read_if_it_is_named() {
        let of = |line: &str| client(&["10.0.0.0/8"], ForwardedHeader::Forwarded, "10.0.0.1", &[line]);
        assert_eq!(of("for=198.51.100.9, For=192.0.2.1;proto=https;by=10.0.0.1"), "192.0.2.1");
        assert_eq!(of(r#"proto=https; for="[2001:db8::1]:4711""#), "2001:db8::1");
        assert_eq!(of("for=198.51.100.9, for=_hidden"), "10.0.0.1");
        assert_eq!(of("for=198.51.100.9, proto=https"), "10.0.0.1");
    }

    #[test]
    fn the_scheme_is_that_of_the_last_proxy() {
        let of = |header, peer: &str, line: &str| {
            let proxies = TrustedProxies::new(["10.0.0.0/8"]).unwrap().header(header);
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-proto", line.parse().unwrap());
            headers.insert("forwarded", line.parse().unwrap());
            proxies.is_https(peer.parse().unwrap(), &headers)
        };
        let (list, standard) = (ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded);
        assert!(of(list, "10.0.0.1", "https") && of(list, "10.0.0.1", "http, HTTPS"));
        assert!(!of(list, "10.0.0.1", "https, http") && !of(list, "192.0.2.1", "https"));
        assert!(
            of(standard, "10.0.0.1", "for=192.0.2.1;proto=https") && !of(standard, "10.0.0.1", "for=https")
        );
    }

    #[test]
    fn a_text_that_is_no_network_is_refused_by_name() {
        let refused = TrustedProxies::new(["10.0.0.0/8", "proxy.example"]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "proxy.example is neither a network such as 10.0.0.0/8 nor an address"
        );
        assert!(TrustedProxies::new(["10.0.0.0/33"]).is_err());
    }

    proptest! {
        /// Whatever a client writes, the address that the proxy appends counts.
        #[test]
        fn what_a_client_writes_changes_nothing(written in "[ -~]{0,60}", standard in any::<bool>()) {
            let (header, appended) = if standard {
                (ForwardedHeader::Forwarded, "for=192.0.2.1")
            } else {
                (ForwardedHeader::XForwardedFor, "192.0.2.1")
            };
            let one_line = format!("{written}, {appended}");
            for lines in [&[one_line.as_str()][..], &[&written, appended]] {
                prop_assert_eq!(client(&["10.0.0.0/8"], header, "10.0.0.1", lines), "192.0.2.1");
            }
        }
    }
}
