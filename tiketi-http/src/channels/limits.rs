//! Limits of sockets.

use std::time::Duration;

/// Bounds what sockets cost, all of them and each one.
///
/// A limit of a network counts only sockets without a user: those of signed-in users count for their user, so that no one
/// who shares an address with them can keep them out.
///
/// ```
/// let mut limits = tiketi_http::SocketLimits::default();
/// limits.per_user = 4;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketLimits {
    /// Most sockets of the process; a further one is answered with 503; 50,000 by default.
    pub total: usize,
    /// Most sockets of one user; with a further one, the user's oldest ends; 10 by default.
    pub per_user: usize,
    /// Most anonymous sockets of one IPv4 /24, behind which a school or a mobile carrier may be; a further one is closed
    /// with 1013; 2,000 by default.
    pub anonymous_per_ipv4: usize,
    /// The same for an IPv6 /56; 200 by default.
    pub anonymous_per_ipv6: usize,
    /// Most sockets of one network that have not sent their first message; with a further one, the oldest of them ends;
    /// 1,000 by default.
    pub silent_per_network: usize,
    /// How long a socket may take to send its first message; 10 s by default.
    pub first_message_within: Duration,
    /// Most channels that one socket follows; 16 by default.
    pub channels: usize,
    /// Longest message of a client, in bytes; 8 KiB by default.
    pub message_bytes: usize,
    /// Most messages that a client may send at once; 32 by default.
    pub message_burst: u32,
    /// In which time one of these messages may be sent again; 250 ms by default.
    pub message_every: Duration,
    /// How often the server sends a ping; 25 s by default. A client that lets two pass without a sign of life is dropped.
    pub ping_every: Duration,
    /// How long a client may take to read what was sent before it is dropped; 10 s by default.
    pub write_within: Duration,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            total: 50_000,
            per_user: 10,
            anonymous_per_ipv4: 2_000,
            anonymous_per_ipv6: 200,
            silent_per_network: 1_000,
            first_message_within: Duration::from_secs(10),
            channels: 16,
            message_bytes: 8 << 10,
            message_burst: 32,
            message_every: Duration::from_millis(250),
            ping_every: Duration::from_secs(25),
            write_within: Duration::from_secs(10),
        }
    }
}

impl SocketLimits {
    /// Returns the name of the first limit that would refuse every socket.
    pub(crate) fn zero(&self) -> Option<&'static str> {
        let zeros = [
            ("total", self.total == 0),
            ("per_user", self.per_user == 0),
            ("silent_per_network", self.silent_per_network == 0),
            ("first_message_within", self.first_message_within.is_zero()),
            ("channels", self.channels == 0),
            ("message_bytes", self.message_bytes == 0),
            ("message_burst", self.message_burst == 0),
            ("ping_every", self.ping_every.is_zero()),
            ("write_within", self.write_within.is_zero()),
        ];
        zeros.into_iter().find(|(_, zero)| *zero).map(|(name, _)| name)
    }
}
