//! Reservations of every buyer, for staff: found, exported and cancelled.

use std::slice;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tiketi_core::account::Role;

use super::{Shop, assert_refused, text};

const PATH: &str = "/api/admin/reservations";

/// Returns the numbers of a page, and where it continues.
async fn page(shop: &Shop, query: &str) -> (Vec<String>, Value) {
    let page = shop.read(&format!("{PATH}?{query}"), &shop.admin).await;
    let rows = page["data"].as_array().unwrap();
    (rows.iter().map(|row| text(&row["reservationNumber"])).collect(), page["next"].clone())
}

async fn numbers(shop: &Shop, query: &str) -> Vec<String> {
    page(shop, query).await.0
}

/// A shop in which the buyer holds, and the other one owns a seat and cancelled one; returns their reservations.
async fn mixed() -> (Shop, [Value; 3]) {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    let cancelled = shop.held(&shop.other, &seats[..1]).await;
    let path = format!("/api/reservations/{}/cancel", text(&cancelled["id"]));
    shop.ok(Method::POST, &path, &shop.other, &Value::Null).await;
    shop.server.clock.advance(Duration::from_secs(1));
    let sold = shop.held(&shop.other, &seats[1..2]).await;
    shop.paid(&shop.other, &sold).await;
    shop.server.clock.advance(Duration::from_secs(1));
    let held = shop.held(&shop.buyer, &seats[2..3]).await;
    (shop, [held, sold, cancelled])
}

#[tokio::test]
async fn reservations_are_found_by_what_a_buyer_says() {
    let (shop, reservations) = mixed().await;
    let [held, sold, cancelled] = reservations.each_ref().map(|it| text(&it["reservationNumber"]));
    assert_eq!(numbers(&shop, "").await, [held.clone(), sold.clone(), cancelled.clone()]);
    assert_eq!(numbers(&shop, &format!("search={sold}")).await, slice::from_ref(&sold));
    assert_eq!(numbers(&shop, "search=Other@Example.com").await, [sold.clone(), cancelled.clone()]);
    let buyer = text(&reservations[0]["userId"]);
    assert_eq!(numbers(&shop, &format!("search={buyer}")).await, slice::from_ref(&held));
    for nothing in ["search=nobody@example.com", "search=TKT-20260105-99999"] {
        assert_eq!(numbers(&shop, nothing).await, [""; 0], "{nothing}");
    }
    let shown = shop.read(&format!("{PATH}?search={sold}"), &shop.admin).await["data"][0].clone();
    assert_eq!(shown["buyer"]["email"], "other@example.com");
    let one = shop.read(&format!("{PATH}/{}", text(&shown["id"])), &shop.admin).await;
    assert_eq!(one["reservation"], shown);
}

#[tokio::test]
async fn reservations_are_filtered_and_read_page_by_page() {
    let (shop, reservations) = mixed().await;
    let [held, sold, cancelled] = reservations.each_ref().map(|it| text(&it["reservationNumber"]));
    let of_event = format!("eventId={}&status=confirmed", shop.event);
    for (query, expected) in [
        ("status=pending", vec![&held]),
        ("status=confirmed", vec![&sold]),
        ("status=cancelled", vec![&cancelled]),
        ("status=expired", vec![]),
        ("paymentStatus=completed", vec![&sold]),
        ("paymentStatus=cancelled", vec![&cancelled]),
        ("status=confirmed&paymentStatus=pending", vec![]),
        ("from=2026-01-05T10:00:01Z", vec![&held, &sold]),
        ("to=2026-01-05T10:00:01Z", vec![&cancelled]),
        (of_event.as_str(), vec![&sold]),
        ("eventId=01890a5d-ac96-774b-bcce-b302099a8057", vec![]),
    ] {
        assert_eq!(numbers(&shop, query).await.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let (first, next) = page(&shop, "limit=2").await;
    let (second, end) = page(&shop, &format!("limit=2&after={}", text(&next))).await;
    assert_eq!((first, second, end), (vec![held.clone(), sold], vec![cancelled], Value::Null));
    shop.server.clock.advance(Duration::from_mins(6));
    let admin = shop.server.token_of("admin@example.com", Role::Admin).await;
    let expired = shop.read(&format!("{PATH}?status=expired"), &admin).await;
    assert_eq!(expired["data"][0]["reservationNumber"], json!(held));
    for wrong in ["status=sold", "paymentStatus=x", "search=x", "after=x", "from=x", "eventId=x", "limit=101"]
    {
        assert_eq!(shop.get(&format!("{PATH}?{wrong}"), &admin).await.code(), "INVALID_QUERY", "{wrong}");
    }
}

#[tokio::test]
async fn a_page_looks_at_a_bounded_number_of_reservations() {
    let shop = Shop::open().await;
    let standing = shop.standing().await;
    let items = json!([{"ticketTypeId": standing, "quantity": 1}]);
    let body = json!({"eventId": shop.event, "items": items});
    for _ in 0..1_100 {
        let held = shop.ok(Method::POST, "/api/reservations", &shop.buyer, &body).await;
        let path = format!("/api/reservations/{}/cancel", text(&held["reservation"]["id"]));
        shop.ok(Method::POST, &path, &shop.buyer, &Value::Null).await;
    }
    let (none, next) = page(&shop, "paymentStatus=refunded&limit=100").await;
    assert_eq!((none.len(), next.is_string()), (0, true));
    let (none, end) = page(&shop, &format!("paymentStatus=refunded&limit=100&after={}", text(&next))).await;
    assert_eq!((none.len(), end), (0, Value::Null));
    let export = shop.get(&format!("{PATH}.csv"), &shop.admin).await;
    assert_eq!(String::from_utf8(export.bytes).unwrap().lines().count(), 1_101);
}

#[tokio::test]
async fn an_export_has_every_reservation_and_no_formula() {
    let (shop, _) = mixed().await;
    let path = format!("/api/admin/events/{}", shop.event);
    let title = json!({"title": "=HYPERLINK(\"https://x.example\", 1)"});
    shop.ok(Method::PUT, &path, &shop.admin, &title).await;
    let answer = shop.get(&format!("{PATH}.csv?limit=1"), &shop.admin).await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert!(answer.header("content-disposition").starts_with("attachment"));
    let text = String::from_utf8(answer.bytes).unwrap();
    let lines: Vec<_> = text.strip_prefix('\u{feff}').unwrap().split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("reservationNumber,id,"), "{text}");
    for line in &lines[1..] {
        assert!(line.contains(",\"'=HYPERLINK(\"\"https://x.example\"\", 1)\","), "{line}");
    }
    assert!(lines[2].contains(",other@example.com,Ada Example,confirmed,completed,"), "{text}");
    let only = shop.get(&format!("{PATH}.csv?status=confirmed"), &shop.admin).await;
    assert_eq!(String::from_utf8(only.bytes).unwrap().lines().count(), 2);
}

async fn cancel(
    shop: &Shop,
    token: &str,
    reservation: &Value,
    body: &Value,
) -> crate::test_support::Answered {
    let path = format!("{PATH}/{}/status", text(&reservation["id"]));
    shop.call(Method::PATCH, &path, token, body).await
}

#[tokio::test]
async fn the_box_office_cancels_by_the_rules_of_buyers() {
    let (shop, [held, sold, cancelled]) = mixed().await;
    let clerk = shop.server.token_of("clerk@example.com", Role::BoxOffice).await;
    let body = json!({"status": "cancelled", "reason": "Asked at the box office"});
    let answer = cancel(&shop, &clerk, &held, &body).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["reservation"]["status"]), (200, &json!("cancelled")));
    assert_eq!(shop.status(&text(&held["seats"][0]["seatId"])).await, "available");
    let answer = cancel(&shop, &clerk, &sold, &body).await.json()["reservation"].clone();
    assert_eq!((&answer["status"], &answer["paymentStatus"]), (&json!("cancelled"), &json!("refunded")));
    assert_eq!(shop.status(&text(&sold["seats"][0]["seatId"])).await, "available");
    assert_refused(&cancel(&shop, &clerk, &cancelled, &body).await, 409, "RESERVATION_ENDED", "twice");
    let log = shop.read("/api/admin/log?action=patchAdminReservationsByIdStatus", &shop.admin).await;
    assert_eq!(log["data"][1]["reason"], "Asked at the box office");
    assert_eq!(log["data"][1]["before"]["reservation"]["status"], "confirmed");
    assert_eq!(log["data"][1]["after"]["reservation"]["paymentStatus"], "refunded");
    assert_eq!(log["data"][1]["actor"]["role"], "box_office");
}

#[tokio::test]
async fn another_refund_than_the_policys_needs_the_permission_for_money() {
    let (shop, [held, sold, _]) = mixed().await;
    let clerk = shop.server.token_of("clerk@example.com", Role::BoxOffice).await;
    for refund in ["full", "none"] {
        let body = json!({"status": "cancelled", "refund": refund, "reason": "x"});
        for reservation in [&held, &sold] {
            let refused = cancel(&shop, &clerk, reservation, &body).await;
            assert_refused(&refused, 403, "FORBIDDEN", refund);
            assert_eq!(refused.json()["details"], json!({"permission": "money"}));
        }
    }
    let body = json!({"status": "cancelled", "refund": "none", "reason": "Resold against the terms"});
    let answer = cancel(&shop, &shop.admin, &sold, &body).await;
    let kept = answer.json()["reservation"].clone();
    assert_eq!((answer.status.as_u16(), &kept["status"]), (200, &json!("cancelled")), "{kept}");
    assert_eq!(kept["paymentStatus"], "completed");
    assert_eq!(shop.status(&text(&sold["seats"][0]["seatId"])).await, "available");
}

#[tokio::test]
async fn a_policy_that_is_closed_binds_the_box_office_and_not_who_decides_about_money() {
    let shop = Shop::open().await;
    let path = format!("/api/admin/events/{}", shop.event);
    let never = json!({"limits": {"cancellationPolicy": []}});
    shop.ok(Method::PUT, &path, &shop.admin, &never).await;
    let sold = shop.held(&shop.buyer, &shop.seats().await[..1]).await;
    shop.paid(&shop.buyer, &sold).await;
    let by_policy = json!({"status": "cancelled", "reason": "Ill"});
    let refused = cancel(&shop, &shop.admin, &sold, &by_policy).await;
    assert_refused(&refused, 409, "CANCELLATION_CLOSED", "by the policy");
    let whole = json!({"status": "cancelled", "refund": "full", "reason": "Ill"});
    let answer = cancel(&shop, &shop.admin, &sold, &whole).await.json()["reservation"].clone();
    assert_eq!((&answer["status"], &answer["paymentStatus"]), (&json!("cancelled"), &json!("refunded")));
}

#[tokio::test]
async fn only_cancelling_is_a_status_that_staff_can_set() {
    let (shop, [held, _, _]) = mixed().await;
    for body in [
        json!({"status": "confirmed", "reason": "x"}),
        json!({"status": "cancelled"}),
        json!({"status": "cancelled", "reason": " "}),
        json!({"status": "cancelled", "reason": "x", "refund": "half"}),
        json!({"status": "cancelled", "reason": "x", "amount": 1}),
    ] {
        assert_refused(&cancel(&shop, &shop.admin, &held, &body).await, 422, "INVALID_BODY", &body);
    }
    let unknown = json!({"id": "01890a5d-ac96-774b-bcce-b302099a8057"});
    let body = json!({"status": "cancelled", "reason": "x"});
    assert_refused(
        &cancel(&shop, &shop.admin, &unknown, &body).await,
        404,
        "RESERVATION_NOT_FOUND",
        "unknown",
    );
    assert_eq!(shop.status(&text(&held["seats"][0]["seatId"])).await, "locked");
}
