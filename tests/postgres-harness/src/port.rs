//! Ports on which no process listens.

use std::net::{Ipv4Addr, TcpListener};

/// First port that is tried. It is below the range from which systems take the ports of outgoing connections: a
/// port of that range may be taken while the server is down, and a client of the server may then even connect to
/// itself.
const FIRST: u16 = 15_000;
const LAST: u16 = 31_999;

/// Returns a port that is free now, and that stays free while its server restarts.
pub fn free() -> u16 {
    loop {
        let port = rand::random_range(FIRST..=LAST);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
