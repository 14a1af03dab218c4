//! Ports nobody listens at.

use std::net::{Ipv4Addr, TcpListener};

/// Below the range from which systems take the ports of outgoing connections. A port of that range may be
/// taken while a server is down, and whoever tries to reach it may then even be connected to themselves.
const FIRST: u16 = 15_000;
const LAST: u16 = 31_999;

/// Returns a port that is free now, and will be when a server that had it starts again.
pub fn free() -> u16 {
    loop {
        let port = rand::random_range(FIRST..=LAST);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
