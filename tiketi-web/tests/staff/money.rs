//! Reservations and payments.

use axum::http::Method;
use serde_json::{Value, json};
use tiketi_core::account::Role;
use tiketi_core::gateway::RefundAnswer;
use tiketi_core::memory::RefundFault;

use super::shop::{Shop, text};

async fn one_sold(shop: &Shop) -> Value {
    let seats = shop.seats().await;
    shop.sold(&shop.buyer, &seats[..2]).await
}

#[tokio::test]
async fn reservations_are_found_by_number_address_event_and_status() {
    let shop = Shop::open().await;
    let sold = one_sold(&shop).await;
    let number = text(&sold["reservation"]["reservationNumber"]);
    for (query, found) in [
        (String::new(), true),
        (format!("search={number}"), true),
        ("search=buyer@example.com".to_owned(), true),
        ("search=admin@example.com".to_owned(), false),
        (format!("event={}&status=confirmed&payment=completed", shop.event), true),
        ("status=cancelled".to_owned(), false),
        ("from=2026-01-05&to=2026-01-05".to_owned(), true),
        ("from=2026-01-06".to_owned(), false),
        ("to=2026-01-04".to_owned(), false),
    ] {
        let page = shop.page(&format!("/staff/reservations?{query}"), &shop.admin).await;
        assert_eq!(page.status.as_u16(), 200, "{query}");
        assert_eq!(page.text.contains(&number), found, "{query}");
    }
    let unclear = shop.page("/staff/reservations?search=what", &shop.admin).await;
    unclear.shows("Search for a whole reservation number");
    let page = shop.page("/staff/reservations?status=confirmed&from=2026-01-05", &shop.admin).await;
    page.shows("/api/admin/reservations.csv?status=confirmed&#38;from=2026-01-04T15%3A00%3A00Z");
}

#[tokio::test]
async fn a_reservation_shows_its_tickets_its_money_and_what_staff_did() {
    let shop = Shop::open().await;
    let sold = one_sold(&shop).await;
    let path = format!("/staff/reservations/{}", text(&sold["reservation"]["id"]));
    let page = shop.page(&path, &shop.admin).await;
    page.shows("<th scope=\"row\">VIP A-1</th><td>₩150,000</td>");
    page.shows("buyer@example.com");
    page.shows("By the policy, ₩270,000 goes back and ₩30,000 is kept.");
    page.shows("kakao_pay");
    let fields = [("refund", "full"), ("reason", "A pillar in the view")];
    shop.post(&path, &shop.admin, &fields).await.leads_to(&format!("{path}?done=cancelled"));
    assert_eq!(shop.gateway.balance(text(&sold["payment"]["id"]).parse().unwrap()), 0);
    let page = shop.page(&path, &shop.admin).await;
    page.shows("badge-cancelled");
    page.shows("Refunded");
    page.shows("Reason: A pillar in the view");
    page.shows("<del>confirmed</del></td><td><ins>cancelled</ins>");
    page.hides("Cancel it");
}

#[tokio::test]
async fn the_box_office_cancels_by_the_policy_and_only_by_it() {
    let shop = Shop::open().await;
    let sold = one_sold(&shop).await;
    let office = shop.browser_of(Role::BoxOffice).await;
    let path = format!("/staff/reservations/{}", text(&sold["reservation"]["id"]));
    let page = shop.page(&path, &office).await;
    page.shows("<option value=\"policy\"");
    page.hides("<option value=\"full\"");
    // Who sends it nevertheless is refused by the interface.
    let refused = shop.post(&path, &office, &[("refund", "full"), ("reason", "please")]).await;
    assert_eq!(refused.status.as_u16(), 403);
    refused.shows("You do not have permission to do this.");
    let unsaid = shop.post(&path, &office, &[("refund", "policy"), ("reason", "")]).await;
    assert_eq!(unsaid.status.as_u16(), 422);
    unsaid.shows("id=\"reason-wrong\">It must have from 1 to 200 characters.");
    let fields = [("refund", "policy"), ("reason", "asked at the box office")];
    shop.post(&path, &office, &fields).await.leads_to(&format!("{path}?done=cancelled"));
    assert_eq!(shop.gateway.balance(text(&sold["payment"]["id"]).parse().unwrap()), 30_000);
    shop.page(&path, &office).await.hides("Reason: asked");
}

#[tokio::test]
async fn a_refused_refund_is_listed_noted_and_sent_again() {
    let shop = Shop::open().await;
    let sold = one_sold(&shop).await;
    let payment = text(&sold["payment"]["id"]);
    let answer = RefundAnswer::Refused { code: "ACCOUNT_CLOSED".into() };
    shop.gateway.fail_next_refund(RefundFault::Answer(answer));
    let path = format!("/staff/payments/{payment}");
    let fields = [("cancelReason", "rain"), ("tickets", "take_back")];
    let refused = shop.post(&format!("{path}/refund"), &shop.admin, &fields).await;
    assert_eq!(refused.status.as_u16(), 409);
    refused.shows("ACCOUNT_CLOSED");
    let list = shop.page("/staff/payments", &shop.admin).await;
    list.shows("The provider refused the refund.");
    list.shows(&path);
    shop.page("/staff", &shop.admin).await;
    let finance = shop.browser_of(Role::Finance).await;
    shop.post(&format!("{path}/note"), &finance, &[("note", "called <the> bank")])
        .await
        .leads_to(&format!("{path}?done=noted"));
    shop.page(&path, &finance).await.shows("called &#60;the&#62; bank");
    shop.post(&format!("{path}/retry"), &finance, &[]).await.leads_to(&format!("{path}?done=asked"));
    shop.page("/staff/payments", &finance).await.shows("No payment needs attention.");
    let again = shop.post(&format!("{path}/retry"), &finance, &[]).await;
    assert_eq!(again.status.as_u16(), 409);
    assert_eq!(shop.gateway.balance(payment.parse().unwrap()), 0);
}

#[tokio::test]
async fn a_part_is_refunded_while_the_buyer_keeps_the_tickets() {
    let shop = Shop::open().await;
    let sold = one_sold(&shop).await;
    let path = format!("/staff/payments/{}", text(&sold["payment"]["id"]));
    for (amount, field) in [("-5", "cancelAmount"), ("1.5", "cancelAmount"), ("", "cancelAmount")] {
        let fields = [("cancelReason", "a pillar"), ("tickets", "keep"), ("cancelAmount", amount)];
        let refused = shop.post(&format!("{path}/refund"), &shop.admin, &fields).await;
        assert_eq!(refused.status.as_u16(), 422, "{amount}");
        refused.shows(&format!("id=\"{field}-wrong\""));
    }
    let fields =
        [("cancelReason", "a pillar"), ("tickets", "keep"), ("cancelAmount", "10,000"), ("key", "once")];
    for _ in 0..2 {
        shop.post(&format!("{path}/refund"), &shop.admin, &fields)
            .await
            .leads_to(&format!("{path}?done=refunded"));
    }
    assert_eq!(shop.gateway.balance(text(&sold["payment"]["id"]).parse().unwrap()), 290_000);
    let page = shop.page(&path, &shop.admin).await;
    page.shows("<strong>₩10,000</strong> · done · tickets kept");
    let reservation = format!("/api/admin/reservations/{}", text(&sold["reservation"]["id"]));
    let found = shop.api(Method::GET, &reservation, &shop.admin, &Value::Null).await;
    assert_eq!(found["reservation"]["status"], json!("confirmed"));
}
