//! Signing in, and news for one user only.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tiketi_core::BuyerId;
use tiketi_core::broadcast::{BuyerOnly, Message, PrivateNews};

use super::{Client, LiveShop};
use crate::routes::tests::text;

async fn id_of(live: &LiveShop, token: &str) -> BuyerId {
    let me = live.shop.read("/api/auth/me", token).await;
    text(&me["user"]["id"]).parse().unwrap()
}

/// Sends what a commit about a buyer's reservation sends; returns the reservation.
fn tell(live: &LiveShop, buyer: BuyerId, number: u128) -> String {
    let reservation = tiketi_core::ReservationId::from_uuid(uuid::Uuid::from_u128(number));
    let event = live.shop.event.parse().unwrap();
    let news = PrivateNews::ReservationExpired { event, reservation };
    live.shop.server.state.box_office().broadcast().publish(Message::new(BuyerOnly(buyer), news).into());
    reservation.to_string()
}

#[tokio::test]
async fn news_for_a_user_reach_all_sockets_of_that_user_and_no_other() {
    let live = LiveShop::open().await;
    let (buyer, other) = (id_of(&live, &live.shop.buyer).await, id_of(&live, &live.shop.other).await);
    let mut sockets = [live.signed_in(&live.shop.buyer).await, live.signed_in(&live.shop.buyer).await];
    let mut others = live.signed_in(&live.shop.other).await;
    let (mut anonymous, _) = live.joined("event").await;
    let (mine, theirs) = (tell(&live, buyer, 1), tell(&live, other, 2));
    for socket in &mut sockets {
        let news = socket.next_of("reservation-expired").await;
        assert_eq!(news["data"]["reservationId"], json!(mine));
    }
    assert_eq!(others.next_of("reservation-expired").await["data"]["reservationId"], json!(theirs));
    // The next message of everyone else is about the event.
    let standing = live.shop.standing().await;
    let body = json!({"eventId": live.shop.event, "items": [{"ticketTypeId": standing, "quantity": 1}]});
    live.shop.ok(Method::POST, "/api/reservations", &live.shop.other, &body).await;
    anonymous.next_of("ticket-updated").await;
}

#[tokio::test]
async fn a_socket_that_signs_in_as_another_user_gets_the_news_of_that_one() {
    let live = LiveShop::open().await;
    let (buyer, other) = (id_of(&live, &live.shop.buyer).await, id_of(&live, &live.shop.other).await);
    let mut socket = live.signed_in(&live.shop.buyer).await;
    socket.send(&json!({"type": "auth", "token": live.shop.other})).await;
    socket.next_of("resync").await;
    tell(&live, buyer, 1);
    let theirs = tell(&live, other, 2);
    assert_eq!(socket.next_of("reservation-expired").await["data"]["reservationId"], json!(theirs));
}

#[tokio::test]
async fn credentials_that_are_not_valid_are_refused_and_the_user_stays() {
    let live = LiveShop::open().await;
    let buyer = id_of(&live, &live.shop.buyer).await;
    let mut socket = live.signed_in(&live.shop.buyer).await;
    for (auth, code) in [
        (json!({"type": "auth", "token": "forged"}), "INVALID_TOKEN"),
        (json!({"type": "auth", "token": "line\nbreak"}), "INVALID_TOKEN"),
    ] {
        socket.send(&auth).await;
        assert_eq!(socket.next_error().await, code);
    }
    let mine = tell(&live, buyer, 1);
    assert_eq!(socket.next_of("reservation-expired").await["data"]["reservationId"], json!(mine));
    let mut anonymous = live.connect().await;
    anonymous.send(&json!({"type": "auth"})).await;
    assert_eq!(anonymous.next_error().await, "AUTHENTICATION_REQUIRED");
}

#[tokio::test]
async fn the_credentials_of_the_first_request_count_without_a_token() {
    let live = LiveShop::open().await;
    let bearer = format!("Bearer {}", live.shop.buyer);
    let mut socket = live.try_connect(&[("authorization", &bearer)]).await.unwrap();
    socket.send(&json!({"type": "auth"})).await;
    socket.next_of("resync").await;
    let mine = tell(&live, id_of(&live, &live.shop.buyer).await, 1);
    assert_eq!(socket.next_of("reservation-expired").await["data"]["reservationId"], json!(mine));
}

/// Seen to fail with the token not looked at again.
#[tokio::test]
async fn an_expired_token_ends_the_news_until_the_user_signs_in_again() {
    let mut live = LiveShop::with_limits(|limits| limits.ping_every = Duration::from_millis(100)).await;
    let buyer = id_of(&live, &live.shop.buyer).await;
    let mut socket = live.signed_in(&live.shop.buyer).await;
    live.shop.wait(Duration::from_hours(2)).await;
    assert_eq!(socket.next_error().await, "TOKEN_EXPIRED");
    tell(&live, buyer, 1);
    socket.send(&json!({"type": "auth", "token": live.shop.buyer})).await;
    socket.next_of("resync").await;
    let second = tell(&live, buyer, 2);
    assert_eq!(socket.next_of("reservation-expired").await["data"]["reservationId"], json!(second));
}

#[tokio::test]
async fn a_users_oldest_socket_ends_for_a_further_one() {
    let live = LiveShop::with_limits(|limits| limits.per_user = 2).await;
    let mut sockets: Vec<Client> = Vec::new();
    for _ in 0..3 {
        sockets.push(live.signed_in(&live.shop.buyer).await);
    }
    let _other = live.signed_in(&live.shop.other).await;
    assert_eq!(sockets[0].ended().await.0, 1008);
    let mine = tell(&live, id_of(&live, &live.shop.buyer).await, 1);
    for socket in &mut sockets[1..] {
        assert_eq!(socket.next_of("reservation-expired").await["data"]["reservationId"], json!(mine));
    }
}

#[tokio::test]
async fn a_called_buyer_gets_a_message_with_no_one_elses_pass() {
    let live = LiveShop::open().await;
    let policy = json!({"mode": "on", "maxActive": 1, "admitPerMinute": 600});
    let path = format!("/api/admin/events/{}/waiting-room", live.shop.event);
    live.shop.ok(Method::PUT, &path, &live.shop.admin, &policy).await;
    let mut watching = [live.signed_in(&live.shop.buyer).await, live.signed_in(&live.shop.other).await];
    let body = json!({"eventId": live.shop.event});
    live.shop.ok(Method::POST, "/api/queue", &live.shop.buyer, &body).await;
    let report = live.shop.server.state.run_jobs_once().await;
    assert_eq!(report.failures().count(), 0);
    let admitted: Value = watching[0].next_of("queue-admitted").await;
    assert_eq!(
        (&admitted["channel"], &admitted["data"]["eventId"]),
        (&json!("personal"), &json!(live.shop.event))
    );
    assert_eq!(admitted["data"]["admission"], Value::Null);
    let theirs = tell(&live, id_of(&live, &live.shop.other).await, 3);
    assert_eq!(watching[1].next_of("reservation-expired").await["data"]["reservationId"], json!(theirs));
}
