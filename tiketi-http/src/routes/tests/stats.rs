//! Figures: each route, who may read it, its days, and what it shows of sales and refunds.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::{Shop, assert_refused, text};

/// Every route of figures.
const ROUTES: [&str; 13] = [
    "/api/stats",
    "/api/stats/overview",
    "/api/stats/daily",
    "/api/stats/events",
    "/api/stats/revenue",
    "/api/stats/payments",
    "/api/stats/conversion",
    "/api/stats/cancellations",
    "/api/stats/hourly-traffic",
    "/api/stats/realtime",
    "/api/stats/seat-preferences",
    "/api/stats/dashboard",
    "/api/admin/dashboard/stats",
];

/// The shop's day in Seoul, on which every test begins at 19:00.
const TODAY: &str = "2026-01-05";

/// Runs the jobs until the figures have everything.
async fn count(shop: &Shop) {
    let jobs = shop.server.state.box_office().jobs();
    while jobs.count_figures_once().await.unwrap() > 0 {}
    jobs.relay_once().await.unwrap();
}

/// Opens a shop that keeps figures from its first sale.
async fn open() -> Shop {
    let shop = Shop::open().await;
    shop.server.state.box_office().jobs().subscribe_once().await.unwrap();
    count(&shop).await;
    shop
}

/// Sells seats, and returns the payment's id.
async fn sell(shop: &Shop, seats: &[String]) -> String {
    let held = shop.held(&shop.buyer, seats).await;
    text(&shop.paid(&shop.buyer, &held).await["payment"]["id"])
}

async fn refund(shop: &Shop, payment: &str, body: &Value) {
    shop.ok(Method::POST, &format!("/api/admin/payments/{payment}/refund"), &shop.admin, body).await;
    count(shop).await;
}

fn won(gross: i64, refunded: i64) -> Value {
    json!([{"currency": "KRW", "gross": gross, "refunded": refunded, "net": gross - refunded}])
}

/// Fails if a buyer reads figures, or if an answer does not say its time zone and how current it is.
#[tokio::test]
async fn figures_are_for_administrators_and_say_how_current_they_are() {
    let shop = open().await;
    for route in ROUTES {
        assert_refused(&shop.get(route, "").await, 401, "AUTHENTICATION_REQUIRED", route);
        assert_refused(&shop.get(route, &shop.buyer).await, 403, "FORBIDDEN", route);
        let report = shop.read(route, &shop.admin).await;
        assert_eq!(report["timeZone"], "Asia/Seoul", "{route}");
        assert_eq!(report["asOf"], "2026-01-05T10:00:00Z", "{route}");
    }
}

#[tokio::test]
async fn a_first_count_is_awaited() {
    let shop = Shop::open().await;
    let answer = shop.get("/api/stats", &shop.admin).await;
    assert_refused(&answer, 503, "FIGURES_NOT_READY", "before the first count");
    assert_eq!(answer.header("retry-after"), "1");
}

/// Fails if what waits is said to be counted.
#[tokio::test]
async fn an_answer_is_as_old_as_what_is_not_counted() {
    let mut shop = open().await;
    let seats = shop.seats().await;
    sell(&shop, &seats[..1]).await;
    shop.wait(Duration::from_secs(90)).await;
    let before = shop.read("/api/stats", &shop.admin).await;
    assert_eq!((&before["asOf"], &before["total"]["confirmed"]), (&json!("2026-01-05T10:00:00Z"), &json!(0)));
    count(&shop).await;
    let after = shop.read("/api/stats", &shop.admin).await;
    assert_eq!((&after["asOf"], &after["total"]["confirmed"]), (&json!("2026-01-05T10:01:30Z"), &json!(1)));
}

#[tokio::test]
async fn a_refund_counts_on_its_own_day_beside_gross() {
    let mut shop = open().await;
    let seats = shop.seats().await;
    let payment = sell(&shop, &seats[..2]).await;
    // Midnight in Seoul passes.
    shop.wait(Duration::from_hours(6)).await;
    refund(&shop, &payment, &json!({"cancelReason": "rain", "seatIds": [seats[1]]})).await;
    let daily = shop.read("/api/stats/daily?days=2", &shop.admin).await;
    assert_eq!((&daily["from"], &daily["to"]), (&json!(TODAY), &json!("2026-01-06")));
    let (sold, returned) = (&daily["days"][0], &daily["days"][1]);
    assert_eq!(
        (&sold["date"], &sold["confirmed"], &sold["ticketsSold"]),
        (&json!(TODAY), &json!(1), &json!(2))
    );
    assert_eq!((&sold["money"], &sold["ticketsReturned"]), (&won(300_000, 0), &json!(0)));
    assert_eq!((&returned["money"], &returned["ticketsReturned"]), (&won(0, 150_000), &json!(1)));
    let revenue = shop.read("/api/stats/revenue?days=2", &shop.admin).await;
    assert_eq!(revenue["money"], won(300_000, 150_000));
    assert_eq!(revenue["days"][1]["money"], won(0, 150_000));
    let cancellations = shop.read("/api/stats/cancellations?days=2", &shop.admin).await;
    assert_eq!(cancellations["total"]["refunds"], 1);
    assert_eq!(cancellations["total"]["cancelled"], json!({"byBuyer": 0, "byOrganiser": 0, "refunded": 0}));
    // The rest goes back, too: the reservation is cancelled, and no ticket is counted twice.
    refund(&shop, &payment, &json!({"cancelReason": "rain"})).await;
    let cancellations = shop.read("/api/stats/cancellations?days=2", &shop.admin).await;
    let total = &cancellations["total"];
    assert_eq!((&total["ticketsReturned"], &total["cancelled"]["refunded"]), (&json!(2), &json!(1)));
    assert_eq!(total["money"], won(300_000, 300_000));
}

#[tokio::test]
async fn a_sale_is_shown_by_event_section_method_and_hour() {
    let shop = open().await;
    let seats = shop.seats().await;
    sell(&shop, &seats[..3]).await;
    let given_up = shop.held(&shop.other, &seats[5..6]).await;
    shop.ok(
        Method::POST,
        &format!("/api/reservations/{}/cancel", text(&given_up["id"])),
        &shop.other,
        &Value::Null,
    )
    .await;
    count(&shop).await;
    let events = shop.read("/api/stats/events", &shop.admin).await;
    assert_eq!(events["data"][0]["event"]["id"], json!(shop.event));
    assert_eq!((&events["data"][0]["ticketsSold"], &events["pagination"]["total"]), (&json!(3), &json!(1)));
    let preferred =
        shop.read(&format!("/api/stats/seat-preferences?eventId={}", shop.event), &shop.admin).await;
    let vip = &preferred["data"][0]["ticketTypes"][0];
    assert_eq!(
        (&vip["section"], &vip["ticketsSold"], &vip["share"]),
        (&json!("VIP"), &json!(3), &json!(1.0))
    );
    let payments = shop.read("/api/stats/payments", &shop.admin).await;
    let expected = json!([{"method": "kakao_pay", "attempts": 1, "captured": 1, "declined": 0, "refunds": 0,
        "currency": "KRW", "gross": 450_000, "refunded": 0, "net": 450_000}]);
    assert_eq!(payments["methods"], expected);
    let hours = shop.read("/api/stats/hourly-traffic", &shop.admin).await;
    let evening = json!({"hour": 19, "reservations": 2, "confirmed": 1, "ticketsSold": 3});
    assert_eq!(hours["hours"][19], evening);
    let conversion = shop.read("/api/stats/conversion", &shop.admin).await;
    assert_eq!((&conversion["reservations"], &conversion["confirmedRate"]), (&json!(2), &json!(0.5)));
    assert_eq!(conversion["givenUp"], 1);
    let now = shop.read("/api/stats/realtime", &shop.admin).await;
    assert_eq!(
        (&now["quarters"][0]["startsAt"], &now["quarters"][0]["ticketsSold"]),
        (&json!("2026-01-05T10:00:00Z"), &json!(3))
    );
    assert_eq!((&now["onSale"][0]["sold"], &now["onSale"][0]["held"]), (&json!(3), &json!(0)));
    let dashboard = shop.read("/api/stats/dashboard", &shop.admin).await;
    assert_eq!(dashboard["busiest"][0]["event"]["title"], "Night of the Lighthouse");
    assert_eq!(
        (&dashboard["today"]["confirmed"], &dashboard["allTime"]["money"]),
        (&json!(1), &won(450_000, 0))
    );
    assert_eq!(dashboard["days"].as_array().unwrap().len(), 30);
    let staff = shop.read("/api/admin/dashboard/stats", &shop.admin).await;
    assert_eq!((&staff["eventsOnSale"], &staff["paymentsNeedingAttention"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn days_are_a_number_or_a_range_of_at_most_a_leap_year() {
    let shop = open().await;
    let span = async |query: &str| {
        let report = shop.read(&format!("/api/stats?{query}"), &shop.admin).await;
        (text(&report["from"]), text(&report["to"]))
    };
    let days = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    assert_eq!(span("").await, days("2025-12-07", TODAY));
    assert_eq!(span("days=1").await, days(TODAY, TODAY));
    assert_eq!(span("from=2026-01-01").await, days("2026-01-01", TODAY));
    assert_eq!(span("to=2025-12-31&days=31").await, days("2025-12-01", "2025-12-31"));
    assert_eq!(span("from=2024-01-01&to=2024-12-31").await, days("2024-01-01", "2024-12-31"));
    for wrong in [
        "days=0",
        "days=367",
        "days=-1",
        "days=x",
        "from=2026-01-06",
        "from=2026-1-1",
        "to=tomorrow",
        "from=2024-01-01&to=2025-01-01",
        "from=2026-01-01&days=3",
        "eventId=7",
    ] {
        assert_refused(
            &shop.get(&format!("/api/stats?{wrong}"), &shop.admin).await,
            400,
            "INVALID_QUERY",
            wrong,
        );
    }
    let unknown = "/api/stats/events?eventId=01890a5d-ac96-774b-bcce-b302099a8057";
    assert_refused(&shop.get(unknown, &shop.admin).await, 404, "EVENT_NOT_FOUND", unknown);
}

/// Fails if a rebuild counts anything twice, or shows a part of a count.
#[tokio::test]
async fn counting_again_changes_no_figure() {
    let shop = open().await;
    let seats = shop.seats().await;
    let payment = sell(&shop, &seats[..2]).await;
    refund(&shop, &payment, &json!({"cancelReason": "rain", "seatIds": [seats[0]]})).await;
    let before = shop.read("/api/stats", &shop.admin).await;
    assert_eq!(before["total"]["ticketsSold"], 2);
    let counted = shop.server.state.box_office().jobs().rebuild_figures().await.unwrap();
    assert!(counted >= 1);
    assert_eq!(shop.read("/api/stats", &shop.admin).await, before);
}
