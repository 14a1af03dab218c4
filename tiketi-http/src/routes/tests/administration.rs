//! Administration of events, from a draft to a sold seat, and the limits of buyers' rights.

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Shop, assert_refused, event_on, text};

#[tokio::test]
async fn a_draft_is_edited_published_and_sold() {
    let shop = Shop::open().await;
    let layout = shop.create_layout().await;
    let made = shop.ok(Method::POST, "/api/admin/events", &shop.admin, &event_on(&layout)).await;
    let path = format!("/api/admin/events/{}", text(&made["event"]["id"]));
    assert_eq!((&made["event"]["state"], &made["event"]["status"]), (&json!("draft"), &json!("upcoming")));
    let edit =
        json!({"title": "Night of the Two Lighthouses", "version": 1, "limits": {"maxSeatsPerBuyer": 2}});
    let edited = shop.ok(Method::PUT, &path, &shop.admin, &edit).await["event"].clone();
    assert_eq!((&edited["title"], &edited["version"]), (&json!("Night of the Two Lighthouses"), &json!(2)));
    assert_eq!(
        (&edited["artist"], &edited["limits"]["maxSeatsPerBuyer"]),
        (&json!("The Paper Boats"), &json!(2))
    );
    let published = shop.ok(Method::POST, &format!("{path}/publish"), &shop.admin, &Value::Null).await;
    assert_eq!(
        (&published["event"]["state"], &published["event"]["status"]),
        (&json!("published"), &json!("on_sale"))
    );
    let shop = Shop { event: text(&made["event"]["id"]), ..shop };
    let held = shop.held(&shop.buyer, &shop.seats().await[..2]).await;
    shop.paid(&shop.buyer, &held).await;
    let answer = shop.call(Method::DELETE, &path, &shop.admin, &Value::Null).await;
    assert_refused(&answer, 409, "HAS_RESERVATIONS", "a sold event");
}

#[tokio::test]
async fn an_events_metadata_is_kept_shown_and_bounded() {
    let shop = Shop::open().await;
    let metadata = json!({"series": "winter", "tags": [1, null]});
    let event = json!({"title": "Small room", "eventDate": "2026-02-01T10:00:00Z", "metadata": metadata});
    let made = shop.ok(Method::POST, "/api/admin/events", &shop.admin, &event).await;
    assert_eq!(made["event"]["metadata"], metadata);
    let path = format!("/api/admin/events/{}", text(&made["event"]["id"]));
    let edit = json!({"artist": "The Paper Boats"});
    let edited = shop.ok(Method::PUT, &path, &shop.admin, &edit).await;
    assert_eq!(edited["event"]["metadata"], metadata);
    for wrong in [json!([1]), json!({"a": "x".repeat(2_048)})] {
        let answer = shop.call(Method::PUT, &path, &shop.admin, &json!({"metadata": wrong})).await;
        assert_refused(&answer, 422, "INVALID_BODY", "metadata");
    }
    let emptied = shop.ok(Method::PUT, &path, &shop.admin, &json!({"metadata": {}})).await;
    assert_eq!(emptied["event"]["metadata"], Value::Null);
}

#[tokio::test]
async fn an_event_sells_out_and_comes_back() {
    let shop = Shop::open().await;
    let event = shop
        .publish(&json!({
            "title": "Small room", "eventDate": "2026-02-01T10:00:00Z",
            "ticketTypes": [{"name": "Standing", "price": 1_000, "capacity": 2}],
        }))
        .await;
    let read = shop.read(&format!("/api/events/{event}"), "").await;
    let items = json!([{"ticketTypeId": read["event"]["ticketTypes"][0]["id"], "quantity": 2}]);
    let body = json!({"eventId": event, "items": items});
    let held = shop.ok(Method::POST, "/api/reservations", &shop.buyer, &body).await["reservation"].clone();
    assert_eq!(shop.read(&format!("/api/events/{event}"), "").await["event"]["status"], "sold_out");
    let path = format!("/api/reservations/{}/cancel", text(&held["id"]));
    shop.ok(Method::POST, &path, &shop.buyer, &Value::Null).await;
    assert_eq!(shop.read(&format!("/api/events/{event}"), "").await["event"]["status"], "on_sale");
}

#[tokio::test]
async fn a_buyer_may_not_run_the_shop() {
    let shop = Shop::open().await;
    let (event, standing, layout) = (&shop.event, shop.standing().await, shop.create_layout().await);
    let before = shop.everything().await;
    for (method, path) in [
        (Method::GET, "layouts".to_owned()),
        (Method::POST, "layouts".to_owned()),
        (Method::GET, format!("layouts/{layout}")),
        (Method::DELETE, format!("layouts/{layout}")),
        (Method::GET, "events".to_owned()),
        (Method::POST, "events".to_owned()),
        (Method::GET, format!("events/{event}")),
        (Method::PUT, format!("events/{event}")),
        (Method::DELETE, format!("events/{event}")),
        (Method::POST, format!("events/{event}/publish")),
        (Method::POST, format!("events/{event}/cancel")),
        (Method::POST, format!("events/{event}/seats/block")),
        (Method::POST, format!("events/{event}/seats/unblock")),
        (Method::GET, format!("events/{event}/tickets")),
        (Method::POST, format!("events/{event}/tickets")),
        (Method::PUT, format!("tickets/{standing}")),
        (Method::DELETE, format!("tickets/{standing}")),
    ] {
        let path = format!("/api/admin/{path}");
        let answer = shop.call(method.clone(), &path, &shop.buyer, &json!({"title": "Mine now"})).await;
        assert_refused(&answer, 403, "FORBIDDEN", format!("{method} {path}"));
        assert_eq!(answer.json()["details"], json!({}));
    }
    assert_eq!(shop.everything().await, before);
}

#[tokio::test]
async fn an_edit_of_an_old_version_is_refused() {
    let shop = Shop::open().await;
    let path = format!("/api/admin/events/{}", shop.event);
    let before = shop.everything().await;
    let answer = shop.call(Method::PUT, &path, &shop.admin, &json!({"title": "Late", "version": 1})).await;
    assert_refused(&answer, 409, "VERSION_MISMATCH", "version 1 of 2");
    assert_eq!(answer.json()["details"]["version"], 2);
    assert_eq!(shop.everything().await, before);
}

#[tokio::test]
async fn an_edit_shows_on_the_seat_map_at_once() {
    let shop = Shop::open().await;
    shop.seats().await;
    let path = format!("/api/admin/events/{}", shop.event);
    shop.ok(Method::PUT, &path, &shop.admin, &json!({"title": "Another night"})).await;
    let event = shop.read(&format!("/api/events/{}", shop.event), "").await;
    let vip = text(&event["event"]["ticketTypes"][0]["id"]);
    shop.ok(Method::PUT, &format!("/api/admin/tickets/{vip}"), &shop.admin, &json!({"price": 1})).await;
    let map = shop.read(&format!("/api/seats/{}", shop.event), "").await;
    assert_eq!((&map["event"]["title"], &map["seats"][0]["price"]), (&json!("Another night"), &json!(1)));
}

#[tokio::test]
async fn events_that_cannot_be_are_refused_by_their_field() {
    let shop = Shop::open().await;
    let before = shop.everything().await;
    let ticket = |change: Value| {
        let mut ticket = json!({"name": "Standing", "price": 1_000, "capacity": 10});
        ticket.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({"ticketTypes": [ticket]})
    };
    for (change, field) in [
        (json!({"title": " "}), "title"),
        (json!({"title": "x".repeat(201)}), "title"),
        (json!({"eventDate": "2026-02-01T10:00:00"}), "eventDate"),
        (json!({"eventDate": null}), "eventDate"),
        (json!({"saleStart": "tomorrow"}), "saleStart"),
        (json!({"saleStart": "2026-02-01T10:00:00Z"}), "saleEnd"),
        (json!({"currency": "WON"}), "currency"),
        (json!({"layoutId": "x"}), "layoutId"),
        (json!({"keywords": vec!["x"; 51]}), "keywords"),
        (json!({"limits": {"maxSeatsPerBuyer": 0}}), "limits.maxSeatsPerBuyer"),
        (json!({"limits": {"holdSeconds": -1}}), "limits.holdSeconds"),
        (json!({"limits": {"holdSeconds": 86_401}}), "limits.holdSeconds"),
        (json!({"limits": {"holdSeconds": 600, "holdCapSeconds": 599}}), "limits.holdCapSeconds"),
        (ticket(json!({"capacity": 0})), "ticketTypes[0].capacity"),
        (ticket(json!({"capacity": -5})), "ticketTypes[0].capacity"),
        (ticket(json!({"capacity": i64::MAX})), "ticketTypes[0].capacity"),
        (ticket(json!({"price": -1})), "price"),
        (ticket(json!({"price": i64::MAX})), "price"),
        (ticket(json!({"currency": "USD"})), "currency"),
    ] {
        let mut body = json!({"title": "Refused", "eventDate": "2026-02-01T10:00:00Z"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = shop.post("/api/admin/events", &shop.admin, &body).await;
        assert_refused(&answer, 422, "INVALID_BODY", &change);
        assert_eq!(answer.json()["details"]["field"], field, "{change}");
    }
    assert_eq!(shop.everything().await, before);
}

#[tokio::test]
async fn seats_are_blocked_and_unblocked_and_taken_ones_are_not() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    let path = format!("/api/admin/events/{}/seats", shop.event);
    let body = json!({"seatIds": seats[..2], "reason": "camera position"});
    let blocked = shop.ok(Method::POST, &format!("{path}/block"), &shop.admin, &body).await;
    assert_eq!((blocked["version"].as_u64(), shop.status(&seats[0]).await.as_str()), (Some(2), "blocked"));
    assert_refused(&shop.reserve(&shop.buyer, &seats[..1]).await, 409, "SEATS_TAKEN", "blocked");
    shop.held(&shop.buyer, &seats[2..3]).await;
    let before = shop.everything().await;
    for (seat_ids, status, code) in [
        (json!([seats[3], seats[2]]), 409, "SEATS_TAKEN"),
        (json!([Uuid::from_u128(404).to_string()]), 422, "UNKNOWN_SEATS"),
        (json!([]), 422, "INVALID_BODY"),
    ] {
        let answer = shop.post(&format!("{path}/block"), &shop.admin, &json!({"seatIds": seat_ids})).await;
        assert_refused(&answer, status, code, code);
    }
    assert_eq!(shop.everything().await, before);
    shop.ok(Method::POST, &format!("{path}/unblock"), &shop.admin, &json!({"seatIds": seats[..2]})).await;
    assert_eq!(shop.status(&seats[0]).await, "available");
}

#[tokio::test]
async fn ticket_types_are_added_edited_and_removed_without_losing_what_is_sold() {
    let shop = Shop::open().await;
    let path = format!("/api/admin/events/{}/tickets", shop.event);
    let body = json!({"name": "Balcony, standing", "price": 50_000, "currency": "KRW", "capacity": 5});
    let made = shop.ok(Method::POST, &path, &shop.admin, &body).await["ticketType"].clone();
    let id = text(&made["id"]);
    let wanted = json!({"eventId": shop.event, "items": [{"ticketTypeId": id, "quantity": 3}]});
    shop.ok(Method::POST, "/api/reservations", &shop.buyer, &wanted).await;
    let own = format!("/api/admin/tickets/{id}");
    let edit = async |body: Value| shop.call(Method::PUT, &own, &shop.admin, &body).await;
    assert_refused(&edit(json!({"capacity": 2})).await, 409, "CAPACITY_BELOW_TAKEN", "2 of 3");
    assert_refused(&edit(json!({"capacity": -1})).await, 422, "INVALID_BODY", "negative");
    assert_refused(&edit(json!({"currency": "USD"})).await, 422, "INVALID_BODY", "currency");
    let edited = edit(json!({"capacity": 3, "price": 60_000})).await.json()["ticketType"].clone();
    assert_eq!(
        (&edited["available"], &edited["price"], &edited["name"]),
        (&json!(0), &json!(60_000), &made["name"])
    );
    let gone = shop.call(Method::DELETE, &own, &shop.admin, &Value::Null).await;
    assert_refused(&gone, 409, "HAS_RESERVATIONS", "held");
    assert_eq!(shop.read(&path, &shop.admin).await["ticketTypes"].as_array().unwrap().len(), 4);
    let standing = format!("/api/admin/tickets/{}", shop.standing().await);
    assert_eq!(shop.call(Method::DELETE, &standing, &shop.admin, &Value::Null).await.status.as_u16(), 204);
}

#[tokio::test]
async fn unknown_events_layouts_and_ticket_types_are_not_found() {
    let shop = Shop::open().await;
    let id = Uuid::from_u128(404).to_string();
    for (method, path, body, code) in [
        (Method::GET, format!("events/{id}"), Value::Null, "EVENT_NOT_FOUND"),
        (Method::PUT, format!("events/{id}"), json!({}), "EVENT_NOT_FOUND"),
        (Method::DELETE, format!("events/{id}"), Value::Null, "EVENT_NOT_FOUND"),
        (Method::POST, format!("events/{id}/publish"), Value::Null, "EVENT_NOT_FOUND"),
        (Method::POST, format!("events/{id}/cancel"), Value::Null, "EVENT_NOT_FOUND"),
        (Method::POST, format!("events/{id}/archive"), Value::Null, "EVENT_NOT_FOUND"),
        (Method::POST, format!("events/{id}/unarchive"), Value::Null, "EVENT_NOT_FOUND"),
        (Method::POST, format!("events/{id}/seats/block"), json!({"seatIds": [id]}), "EVENT_NOT_FOUND"),
        (Method::POST, format!("events/{id}/seats/unblock"), json!({"seatIds": [id]}), "EVENT_NOT_FOUND"),
        (Method::GET, format!("events/{id}/tickets"), Value::Null, "EVENT_NOT_FOUND"),
        (Method::PUT, format!("tickets/{id}"), json!({}), "TICKET_TYPE_NOT_FOUND"),
        (Method::DELETE, format!("tickets/{id}"), Value::Null, "TICKET_TYPE_NOT_FOUND"),
        (Method::GET, format!("layouts/{id}"), Value::Null, "LAYOUT_NOT_FOUND"),
        (Method::DELETE, format!("layouts/{id}"), Value::Null, "LAYOUT_NOT_FOUND"),
        (Method::POST, "events".to_owned(), event_on(&id), "LAYOUT_NOT_FOUND"),
    ] {
        let path = format!("/api/admin/{path}");
        let answer = shop.call(method.clone(), &path, &shop.admin, &body).await;
        assert_refused(&answer, 404, code, format!("{method} {path}"));
    }
}

#[tokio::test]
async fn an_archived_event_is_read_and_not_changed() {
    let shop = Shop::open().await;
    let path = format!("/api/admin/events/{}", shop.event);
    let early = shop.post(&format!("{path}/archive"), &shop.admin, &Value::Null).await;
    assert_refused(&early, 409, "EVENT_NOT_OVER", "on sale");
    shop.ok(Method::POST, &format!("{path}/cancel"), &shop.admin, &Value::Null).await;
    let archived = shop.ok(Method::POST, &format!("{path}/archive"), &shop.admin, &Value::Null).await;
    let at = text(&archived["event"]["archivedAt"]);
    let edit = shop.call(Method::PUT, &path, &shop.admin, &json!({"title": "Late"})).await;
    assert_refused(&edit, 409, "EVENT_ARCHIVED", "edit");
    let seats = json!({"seatIds": shop.seats().await[..1]});
    let block = shop.post(&format!("{path}/seats/block"), &shop.admin, &seats).await;
    assert_refused(&block, 409, "EVENT_ARCHIVED", "block");
    let shown = shop.read(&format!("/api/events/{}", shop.event), "").await;
    assert_eq!((&shown["event"]["status"], text(&shown["event"]["archivedAt"])), (&json!("cancelled"), at));
    let ids = |list: &Value| list["data"].as_array().unwrap().len();
    assert_eq!(ids(&shop.read("/api/events", "").await), 0);
    assert_eq!(ids(&shop.read("/api/admin/events", &shop.admin).await), 0);
    assert_eq!(ids(&shop.read("/api/admin/events?archived=true", &shop.admin).await), 1);
    let back = shop.ok(Method::POST, &format!("{path}/unarchive"), &shop.admin, &Value::Null).await;
    assert_eq!(back["event"]["archivedAt"], Value::Null);
    assert_eq!(ids(&shop.read("/api/events", "").await), 1);
}

#[tokio::test]
async fn a_step_an_event_cannot_take_is_refused() {
    let shop = Shop::open().await;
    let path = format!("/api/admin/events/{}", shop.event);
    let again = shop.post(&format!("{path}/publish"), &shop.admin, &Value::Null).await;
    assert_refused(&again, 409, "ILLEGAL_STEP", "published twice");
    shop.ok(Method::POST, &format!("{path}/cancel"), &shop.admin, &Value::Null).await;
    let twice = shop.post(&format!("{path}/cancel"), &shop.admin, &Value::Null).await;
    assert_refused(&twice, 409, "ILLEGAL_STEP", "cancelled twice");
    assert_eq!(shop.read(&format!("/api/events/{}", shop.event), "").await["event"]["status"], "cancelled");
}
