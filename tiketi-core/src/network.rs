//! Networks: the part of a client's address by which clients are counted.

use std::net::IpAddr;

/// The part of an address that one household or office shares: an IPv4 /24 or an IPv6 /56.
///
/// An IPv4 /24 may also be shared by many more, such as the pupils of a school or the phones of a mobile carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of cases, which hosts act on")]
pub enum Network {
    /// An IPv4 /24.
    V4([u8; 3]),
    /// An IPv6 /56.
    V6([u8; 7]),
}

impl Network {
    /// Returns the network of an address. An IPv4 address written as IPv6 is the same address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(*address.octets().first_chunk().unwrap_or(&[0; 3])),
            IpAddr::V6(address) => Self::V6(*address.octets().first_chunk().unwrap_or(&[0; 7])),
        }
    }

    /// Returns the bytes of the network: 3 of IPv4, 7 of IPv6.
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::V4(bytes) => bytes,
            Self::V6(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> Network {
        Network::of(address.parse().unwrap())
    }

    #[test]
    fn an_ipv4_network_is_a_24_however_it_is_written() {
        assert_eq!(network("192.0.2.1"), Network::V4([192, 0, 2]));
        assert_eq!(network("::ffff:192.0.2.255"), network("192.0.2.0"));
        assert_ne!(network("192.0.3.1"), network("192.0.2.1"));
    }

    #[test]
    fn an_ipv6_network_is_a_56() {
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:ff:9::"));
        assert_ne!(network("2001:db8:0:100::1"), network("2001:db8:0:ff::1"));
    }
}
