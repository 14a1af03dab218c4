//! Access to Redis: users, passwords and TLS.

use tiketi_core::StoreErrorKind;
use tiketi_core::store::WaitingRoomStore;
use tiketi_redis::{Redis, RedisOptions};
use tiketi_redis_harness::{Server, Settings};

use crate::crowd::{event, join, open, open_url};

const USER: Option<(&str, &str)> = Some(("shop", "secret"));

#[tokio::test]
async fn a_user_with_a_password_is_let_in() {
    let server = Server::start_with(Settings { user: USER, ..Settings::default() });
    let rooms = open_url(&server.url());
    assert_eq!(join(&rooms, 1).await.place.id.arrival, 1);
    let stranger = open_url(&server.url().replace("secret", "guess"));
    let refused = stranger.room(event()).await.unwrap_err();
    assert!(!refused.is_retryable() || refused.kind() == StoreErrorKind::Unavailable, "{refused:?}");
    assert!(!format!("{refused:?}").contains("guess"));
}

#[tokio::test]
async fn a_server_is_spoken_to_over_tls_and_its_certificate_checked() {
    if !tiketi_redis_harness::has_tls() {
        eprintln!("not tested: the program that TIKETI_TEST_REDIS names was built without TLS");
        return;
    }
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let server = Server::start_with(Settings { user: USER, tls: true, ..Settings::default() });
    let options: RedisOptions = server.url().parse().unwrap();
    let rooms = open(&options.clone().root_certificate(server.certificate()));
    assert_eq!(join(&rooms, 1).await.place.id.arrival, 1);
    let trusting_others = Redis::open(&options).unwrap();
    assert!(trusting_others.ping().await.is_err());
}
