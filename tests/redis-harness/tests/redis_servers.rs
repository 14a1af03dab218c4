//! The guarantees of the harness that other tests rely on.

use tiketi_redis_harness::{Cluster, Server, Settings};

#[test]
fn a_killed_server_starts_again_empty_at_its_port() {
    let server = Server::start();
    server.ask("SET here 1");
    server.kill();
    server.start_again();
    assert_eq!(server.ask("EXISTS here"), "0");
}

#[test]
fn a_server_with_a_user_refuses_others() {
    let server = Server::start_with(Settings { user: Some(("shop", "secret")), ..Settings::default() });
    assert!(server.ask_or_refused("GET here").is_err());
    assert!(server.url().starts_with("redis://shop:secret@127.0.0.1:"));
}

#[test]
fn a_replica_replaces_a_killed_master() {
    let cluster = Cluster::start();
    let before = cluster.master_of("here").port();
    let killed = cluster.fail_over("here").port();
    assert_eq!(killed, before);
    assert_ne!(cluster.master_of("here").port(), before);
}
