//! Ports for the servers that tests start.
//!
//! A server is stopped and started again at its port, so the port must not be given to another server meanwhile. A test
//! that binds a port, closes it and lets a server bind it would also lose it to another test now and then. So a port is
//! leased: a file of its number is locked until the process ends, and every test process on the machine asks for the
//! lock before it uses the port.

use std::fs::{self, File, TryLockError};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// First port that is leased.
const FIRST: u16 = 12_000;
/// Last port that is leased. Systems take the ports of outgoing connections from above: such a port may be taken while
/// its server is down, and a client may then even connect to itself.
const LAST: u16 = 31_999;

/// Where the locked files are: the same for every process, whatever its `TMPDIR` is.
const FOLDER: &str = "/tmp/tiketi-test-ports";

/// The locked files of this process.
static LEASED: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// Leases a port of the loopback until this process ends.
pub fn lease() -> u16 {
    loop {
        let port = rand::random_range(FIRST..=LAST);
        if try_lease(port) {
            return port;
        }
    }
}

/// Leases two ports: one, and the one at a distance above it.
pub fn lease_pair(distance: u16) -> u16 {
    loop {
        let port = rand::random_range(FIRST..=LAST.saturating_sub(distance));
        if try_lease(port) && try_lease(port + distance) {
            return port;
        }
    }
}

/// Leases a port, unless another process has leased it or a server listens on it.
fn try_lease(port: u16) -> bool {
    let folder = Path::new(FOLDER);
    let opened = fs::create_dir_all(folder).and_then(|()| File::create(folder.join(port.to_string())));
    // The folder may be another user's; then a port that is free now has to do.
    if let Ok(file) = opened {
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return false;
        }
        LEASED.lock().unwrap_or_else(PoisonError::into_inner).push(file);
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_port_is_leased_twice() {
        let ports: HashSet<u16> = (0..200).map(|_| lease()).collect();
        assert_eq!(ports.len(), 200);
        let taken = ports.into_iter().next().unwrap();
        assert!(!try_lease(taken));
    }

    #[test]
    fn a_pair_is_leased_as_a_whole() {
        let low = lease_pair(10_000);
        assert!(!try_lease(low) && !try_lease(low + 10_000));
    }

    #[test]
    fn a_port_on_which_a_server_listens_is_not_leased() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!try_lease(listener.local_addr().unwrap().port()));
    }
}
