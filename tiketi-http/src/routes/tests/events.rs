//! Listing and reading events.

use serde_json::{Value, json};

use super::{Shop, assert_refused, text};

async fn shop_with_events() -> Shop {
    let shop = Shop::open().await;
    for (title, artist, date, start) in [
        ("별이 지는 항구", "파란 우산", "2026-03-01T10:00:00Z", "2026-02-01T00:00:00Z"),
        ("Autumn Parade", "Tin Orchestra", "2026-01-20T10:00:00Z", "2026-01-01T00:00:00Z"),
        ("Zither Hour", "파란 우산", "2026-01-10T10:00:00Z", "2026-01-02T00:00:00Z"),
    ] {
        shop.publish(&json!({
            "title": title, "artist": artist, "venue": "달빛 회관", "keywords": ["Moonlight Hall"],
            "eventDate": date, "saleStart": start,
            "ticketTypes": [{"name": "Standing", "price": 10_000, "capacity": 5}],
        }))
        .await;
    }
    shop
}

async fn titles(shop: &Shop, query: &str) -> Vec<String> {
    let list = shop.read(&format!("/api/events?{query}"), "").await;
    list["data"].as_array().unwrap().iter().map(|event| text(&event["title"])).collect()
}

#[tokio::test]
async fn events_are_found_in_two_languages_by_each_searchable_field() {
    let shop = shop_with_events().await;
    let lighthouse = ["Night of the Lighthouse"];
    // 등대 (lighthouse), 항구 (harbour), 파란 우산 (the artist).
    for query in ["search=lighthouse", "search=%EB%93%B1%EB%8C%80", "search=PAPER%20night"] {
        assert_eq!(titles(&shop, query).await, lighthouse, "{query}");
    }
    assert_eq!(titles(&shop, "search=%ED%95%AD%EA%B5%AC").await, ["별이 지는 항구"]);
    let artist = "search=%ED%8C%8C%EB%9E%80+%EC%9A%B0%EC%82%B0";
    assert_eq!(titles(&shop, artist).await, ["Zither Hour", "별이 지는 항구"]);
    assert_eq!(titles(&shop, "search=moonlight").await.len(), 3);
    assert_eq!(titles(&shop, "search=nothing").await, Vec::<String>::new());
}

#[tokio::test]
async fn events_are_sorted_as_asked_the_soonest_first_by_default() {
    let shop = shop_with_events().await;
    let (zither, autumn) = ("Zither Hour", "Autumn Parade");
    let (night, star) = ("Night of the Lighthouse", "별이 지는 항구");
    assert_eq!(titles(&shop, "").await, [zither, autumn, night, star]);
    assert_eq!(titles(&shop, "sort=date").await, [zither, autumn, night, star]);
    assert_eq!(titles(&shop, "sort=sale").await, [autumn, zither, night, star]);
    assert_eq!(titles(&shop, "sort=title").await, [autumn, night, zither, star]);
}

#[tokio::test]
async fn events_are_filtered_by_status() {
    let shop = shop_with_events().await;
    assert_eq!(titles(&shop, "status=upcoming").await, ["별이 지는 항구"]);
    assert_eq!(titles(&shop, "status=on_sale&search=&sort=").await.len(), 3);
    assert_eq!(titles(&shop, "status=ended").await, Vec::<String>::new());
    shop.server.clock.set("2026-01-15T00:00:00Z".parse().unwrap());
    assert_eq!(titles(&shop, "status=ended").await, ["Zither Hour"]);
}

#[tokio::test]
async fn events_come_in_pages() {
    let shop = shop_with_events().await;
    let second = shop.read("/api/events?page=2&limit=3", "").await;
    let pagination = json!({"total": 4, "totalIsExact": true, "page": 2, "limit": 3, "totalPages": 2});
    assert_eq!(second["pagination"], pagination);
    assert_eq!(second["data"].as_array().unwrap().len(), 1);
    let beyond = shop.read("/api/events?page=10&limit=100", "").await;
    assert_eq!(beyond["data"], json!([]));
    for page in ["page=11&limit=100", "page=4000000000"] {
        let refused = shop.get(&format!("/api/events?{page}"), "").await;
        assert_refused(&refused, 400, "INVALID_QUERY", "only the first 1000 rows");
    }
}

/// Fails if a key misses or repeats an event, in any order, or if the last page has one.
#[tokio::test]
async fn events_are_read_on_from_the_key_of_a_page() {
    let shop = shop_with_events().await;
    for sort in ["date", "sale", "newest", "title"] {
        let whole = titles(&shop, &format!("sort={sort}")).await;
        let (mut paged, mut after) = (Vec::new(), String::new());
        for _ in 0..whole.len() {
            let page = shop.read(&format!("/api/events?sort={sort}&limit=1{after}"), "").await;
            paged.push(page["data"][0]["title"].as_str().unwrap().to_owned());
            after = match page["pagination"]["next"].as_str() {
                Some(next) => format!("&after={}", urlencoding(next)),
                None => String::new(),
            };
        }
        assert_eq!((paged, &*after), (whole, ""), "{sort}");
    }
    let key = shop.read("/api/events?limit=1", "").await["pagination"]["next"].as_str().unwrap().to_owned();
    for query in [format!("after={key}&page=2"), "after=nonsense".into(), format!("after={key}x")] {
        let refused = shop.get(&format!("/api/events?{query}"), "").await;
        assert_refused(&refused, 400, "INVALID_QUERY", "after");
    }
}

/// Writes a text as a part of an address.
fn urlencoding(text: &str) -> String {
    text.bytes().flat_map(|byte| ["%".to_owned(), hex::encode_upper([byte])]).collect()
}

#[tokio::test]
async fn wrong_parameters_are_refused_by_name() {
    let shop = Shop::open().await;
    for query in [
        "page=0",
        "page=-1",
        "page=99999999999",
        "page=x",
        "limit=0",
        "limit=101",
        "limit=-5",
        "status=nonsense",
        "sort=nonsense",
    ] {
        let answer = shop.get(&format!("/api/events?{query}"), "").await;
        assert_refused(&answer, 400, "INVALID_QUERY", query);
    }
    let long = shop.get(&format!("/api/events?search={}", "x".repeat(201)), "").await;
    assert_refused(&long, 400, "INVALID_QUERY", "a long search");
}

#[tokio::test]
async fn an_event_has_its_sold_counts() {
    let shop = Shop::open().await;
    let event = shop.read(&format!("/api/events/{}", shop.event), "").await["event"].clone();
    assert_eq!(event["eventDate"], "2026-02-14T10:00:00Z");
    assert_eq!((&event["status"], &event["version"]), (&json!("on_sale"), &json!(2)));
    assert_eq!(event["waitingRoom"], json!({"enabled": false, "state": "off"}));
    assert_eq!(
        event["limits"],
        json!({
            "holdSeconds": 300, "holdCapSeconds": 900, "paymentWindowSeconds": 600, "maxSeatsPerBuyer": 8,
            "latePayment": "take_again_else_refund", "refundedSeats": "on_sale", "depositWindowSeconds": 86_400,
            "cancellationPolicy": [{"untilSecondsBefore": 0, "keptBasisPoints": 0, "keptFee": 0}],
        })
    );
    let types: Vec<_> = event["ticketTypes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|known| (text(&known["name"]), known["section"].clone(), known["capacity"].as_u64().unwrap()))
        .collect();
    let expected = [("VIP", json!("VIP"), 10), ("R", json!("R"), 20), ("Standing", Value::Null, 50)];
    assert_eq!(types, expected.map(|(name, section, capacity)| (name.to_owned(), section, capacity)));
}

#[tokio::test]
async fn a_draft_is_hidden_from_everything_public() {
    let shop = Shop::open().await;
    let layout = shop.create_layout().await;
    let draft =
        shop.ok(axum::http::Method::POST, "/api/admin/events", &shop.admin, &super::event_on(&layout)).await;
    let (id, ticket_type) = (text(&draft["event"]["id"]), text(&draft["event"]["ticketTypes"][0]["id"]));
    for path in ["/api/events/", "/api/tickets/event/", "/api/seats/", "/api/seats/events/"] {
        assert_refused(&shop.get(&format!("{path}{id}"), "").await, 404, "EVENT_NOT_FOUND", path);
    }
    let stock = shop.get(&format!("/api/tickets/availability/{ticket_type}"), "").await;
    assert_refused(&stock, 404, "TICKET_TYPE_NOT_FOUND", "stock of a draft");
    assert_eq!(shop.read("/api/events", "").await["pagination"]["total"], 1);
    assert_eq!(shop.read("/api/admin/events", &shop.admin).await["pagination"]["total"], 2);
    let body = json!({"eventId": id, "seatIds": [shop.seats().await[0]]});
    assert_refused(
        &shop.post("/api/seats/reserve", &shop.buyer, &body).await,
        404,
        "EVENT_NOT_FOUND",
        "reserve",
    );
}

#[tokio::test]
async fn the_stock_of_an_event_and_of_a_ticket_type_agree() {
    let shop = Shop::open().await;
    shop.held(&shop.buyer, &shop.seats().await[..3]).await;
    let stock = shop.read(&format!("/api/tickets/event/{}", shop.event), "").await;
    assert_eq!(
        (&stock["ticketTypes"][0]["available"], &stock["ticketTypes"][1]["available"]),
        (&json!(7), &json!(20))
    );
    let id = text(&stock["ticketTypes"][0]["id"]);
    let alone = shop.read(&format!("/api/tickets/availability/{id}"), "").await;
    assert_eq!(alone["ticketTypes"], json!([stock["ticketTypes"][0]]));
}
