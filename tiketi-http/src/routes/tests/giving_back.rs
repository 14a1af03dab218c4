//! Returned tickets: by buyers under the event's policy, and by staff for an amount of their choice.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::{Shop, assert_refused, text};

/// Time from the opening of the sale to the start of the event: 40 days.
const STARTS_AFTER: u64 = 40 * 86_400;

/// A full refund until ten days before; then the shop keeps a tenth and 4,000 until a day before.
fn policy() -> Value {
    json!([
        {"untilSecondsBefore": 864_000, "keptBasisPoints": 0, "keptFee": 0},
        {"untilSecondsBefore": 86_400, "keptBasisPoints": 1_000, "keptFee": 4_000},
    ])
}

async fn set_policy(shop: &Shop, policy: &Value) -> Value {
    let path = format!("/api/admin/events/{}", shop.event);
    let body = json!({"limits": {"cancellationPolicy": policy}});
    shop.ok(Method::PUT, &path, &shop.admin, &body).await
}

/// Buys the first `seats` seats and `standing` units of general admission.
async fn bought(shop: &Shop, seats: usize, standing: u32) -> Value {
    let ids = shop.seats().await[..seats].to_vec();
    let mut body = json!({"eventId": shop.event, "seatIds": ids});
    if standing > 0 {
        body["items"] = json!([{"ticketTypeId": shop.standing().await, "quantity": standing}]);
    }
    let held = shop.post("/api/reservations", &shop.buyer, &body).await.json();
    shop.paid(&shop.buyer, &held["reservation"]).await
}

fn cancel_path(paid: &Value) -> String {
    format!("/api/payments/{}/cancel", text(&paid["payment"]["id"]))
}

async fn reservation(shop: &Shop, paid: &Value) -> Value {
    let path = format!("/api/reservations/{}", text(&paid["reservation"]["id"]));
    shop.read(&path, &shop.buyer).await["reservation"].clone()
}

#[tokio::test]
async fn a_buyer_gets_back_what_the_policy_gives_and_no_other_amount() {
    let shop = Shop::open().await;
    let paid = bought(&shop, 1, 0).await;
    let path = cancel_path(&paid);
    let nearly_all = json!({"cancelReason": "rain", "cancelAmount": 149_999});
    let answer = shop.post(&path, &shop.buyer, &nearly_all).await;
    assert_refused(&answer, 409, "REFUND_AMOUNT_MISMATCH", "149,999 of 150,000");
    let expected = json!({"expectedAmount": 150_000, "currency": "KRW"});
    assert_eq!(answer.json()["details"], expected);
    assert_eq!(reservation(&shop, &paid).await["status"], "confirmed");
    let all = json!({"cancelReason": "rain", "cancelAmount": 150_000});
    assert_eq!(shop.post(&path, &shop.other, &all).await.status.as_u16(), 404);
    let answer = shop.ok(Method::POST, &path, &shop.buyer, &all).await;
    assert_eq!(answer["payment"]["status"], "refunded");
    assert_eq!(
        (&answer["refund"]["tickets"], &answer["refund"]["keptAmount"]),
        (&json!("returned"), &json!(0))
    );
    assert_eq!(reservation(&shop, &paid).await["status"], "cancelled");
}

#[tokio::test]
async fn nothing_comes_back_after_the_show_by_either_route() {
    let mut shop = Shop::open().await;
    let paid = bought(&shop, 1, 0).await;
    let closes_at = text(&reservation(&shop, &paid).await["cancellation"]["closesAt"]);
    shop.wait(Duration::from_secs(STARTS_AFTER + 2 * 86_400)).await;
    let by_reservation = format!("/api/reservations/{}/cancel", text(&paid["reservation"]["id"]));
    for (path, body) in [(cancel_path(&paid), json!({"cancelReason": "rain"})), (by_reservation, Value::Null)]
    {
        let answer = shop.post(&path, &shop.buyer, &body).await;
        assert_refused(&answer, 409, "CANCELLATION_CLOSED", &path);
        assert_eq!(answer.json()["details"]["since"], closes_at);
    }
    let shown = &reservation(&shop, &paid).await["cancellation"];
    assert_eq!((&shown["open"], &shown["refundAmount"]), (&json!(false), &json!(0)));
}

#[tokio::test]
async fn named_tickets_go_back_and_are_sold_again() {
    let shop = Shop::open().await;
    let paid = bought(&shop, 2, 3).await;
    let (seats, standing) = (shop.seats().await, shop.standing().await);
    let items = json!([{"ticketTypeId": standing, "quantity": 2}]);
    let body = json!({"cancelReason": "two less", "seatIds": [seats[1]], "items": items});
    let answer = shop.ok(Method::POST, &cancel_path(&paid), &shop.buyer, &body).await;
    assert_eq!(answer["payment"]["status"], "partially_refunded");
    let refund = &answer["refund"];
    assert_eq!((&refund["amount"], &refund["status"]), (&json!(150_000 + 2 * 88_000), &json!("done")));
    assert_eq!((&refund["seatIds"], &refund["items"][0]["quantity"]), (&json!([seats[1]]), &json!(2)));
    let left = reservation(&shop, &paid).await;
    assert_eq!((&left["status"], &left["totalAmount"]), (&json!("confirmed"), &json!(238_000)));
    assert_eq!((left["seats"].as_array().unwrap().len(), &left["items"][0]["quantity"]), (1, &json!(1)));
    let answer = shop.post(&cancel_path(&paid), &shop.buyer, &body).await;
    assert_refused(&answer, 422, "TICKETS_NOT_IN_RESERVATION", "given back before");
    assert_eq!(answer.json()["details"]["ticketTypeIds"], json!([standing]));
    let none = json!({"cancelReason": "none", "seatIds": []});
    assert_refused(&shop.post(&cancel_path(&paid), &shop.buyer, &none).await, 422, "NOTHING_ASKED", "none");
    let held = shop.held(&shop.other, &seats[1..2]).await;
    shop.paid(&shop.other, &held).await;
}

#[tokio::test]
async fn a_reservation_shows_its_own_policy_whatever_the_event_says_later() {
    let mut shop = Shop::open().await;
    let edited = set_policy(&shop, &policy()).await;
    assert_eq!(edited["event"]["limits"]["cancellationPolicy"], policy());
    let paid = bought(&shop, 1, 0).await;
    set_policy(&shop, &json!([])).await;
    let shown = reservation(&shop, &paid).await["cancellation"].clone();
    assert_eq!(
        (&shown["open"], &shown["refundAmount"], &shown["keptAmount"]),
        (&json!(true), &json!(150_000), &json!(0))
    );
    assert_eq!(shown["policy"], policy());
    shop.wait(Duration::from_secs(STARTS_AFTER - 5 * 86_400)).await;
    let shown = reservation(&shop, &paid).await["cancellation"].clone();
    assert_eq!((&shown["refundAmount"], &shown["keptAmount"]), (&json!(131_000), &json!(19_000)));
    assert_eq!(shown["until"], shown["closesAt"]);
    let path = format!("/api/reservations/{}/cancel", text(&paid["reservation"]["id"]));
    let cancelled = shop.ok(Method::POST, &path, &shop.buyer, &Value::Null).await;
    assert_eq!(cancelled["reservation"]["status"], "cancelled");
    assert_eq!(cancelled["reservation"]["paymentStatus"], "partially_refunded");
    assert_eq!(shop.status(&shop.seats().await[0]).await, "available");
}

#[tokio::test]
async fn a_policy_that_cannot_be_is_refused_by_its_field() {
    let shop = Shop::open().await;
    let path = format!("/api/admin/events/{}", shop.event);
    let tier = |seconds: i64, share: i64, fee: i64| json!({"untilSecondsBefore": seconds, "keptBasisPoints": share, "keptFee": fee});
    for (policy, field) in [
        (json!([tier(-1, 0, 0)]), "[0].untilSecondsBefore"),
        (json!([tier(0, 10_001, 0)]), "[0].keptBasisPoints"),
        (json!([tier(9, 0, 0), tier(0, 0, -1)]), "[1].keptFee"),
        (json!([tier(9, 0, 0), tier(9, 0, 0)]), ""),
        (json!((0..9).map(|at| tier(9 - at, 0, 0)).collect::<Vec<_>>()), ""),
    ] {
        let body = json!({"limits": {"cancellationPolicy": policy}});
        let answer = shop.call(Method::PUT, &path, &shop.admin, &body).await;
        assert_refused(&answer, 422, "INVALID_BODY", field);
        assert_eq!(answer.json()["details"]["field"], format!("limits.cancellationPolicy{field}"));
    }
}

#[tokio::test]
async fn staff_say_how_much_comes_back_and_what_becomes_of_the_tickets() {
    let mut shop = Shop::open().await;
    let paid = bought(&shop, 2, 0).await;
    let path = format!("/api/admin/payments/{}/refund", text(&paid["payment"]["id"]));
    let mut body = json!({"cancelReason": "a pillar", "cancelAmount": 10_000});
    let answer = shop.post(&path, &shop.admin, &body).await;
    assert_refused(&answer, 422, "INVALID_BODY", "an amount without a word about the tickets");
    assert_eq!(answer.json()["details"]["field"], "tickets");
    body["tickets"] = json!("keep");
    assert_eq!(shop.post(&path, &shop.buyer, &body).await.status.as_u16(), 403);
    let answer = shop.ok(Method::POST, &path, &shop.admin, &body).await;
    assert_eq!(answer["payment"]["refundedAmount"], 10_000);
    let refund = &answer["payment"]["refunds"][0];
    assert_eq!((&refund["tickets"], &refund["reason"]), (&json!("kept"), &json!("a pillar")));
    assert_eq!(reservation(&shop, &paid).await["totalAmount"], 300_000);

    let seat = json!([shop.seats().await[0]]);
    let body = json!({"cancelReason": "fraud", "cancelAmount": 50_000, "seatIds": seat});
    let answer = shop.ok(Method::POST, &path, &shop.admin, &body).await;
    assert_eq!(answer["payment"]["refunds"][1]["keptAmount"], 100_000);
    assert_eq!(reservation(&shop, &paid).await["totalAmount"], 150_000);
    shop.wait(Duration::from_secs(STARTS_AFTER + 86_400)).await;
    let all = json!({"cancelReason": "goodwill", "tickets": "take_back"});
    let answer = shop.ok(Method::POST, &path, &shop.admin, &all).await;
    assert_eq!(answer["payment"]["refundedAmount"], 210_000);
    assert_eq!(reservation(&shop, &paid).await["status"], "cancelled");
}
