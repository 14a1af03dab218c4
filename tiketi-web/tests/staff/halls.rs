//! Layouts, the hall of an event, and its waiting room.

use serde_json::json;

use super::shop::{Shop, layout_plan, text};

#[tokio::test]
async fn a_layout_is_drawn_and_its_example_can_be_saved() {
    let shop = Shop::open().await;
    let page = shop.page(&format!("/staff/layouts/{}", shop.layout), &shop.admin).await;
    page.shows("<svg class=\"seats\"");
    page.shows("₩150,000 · 10 seats · row A · 2 wheelchair places");
    let form = shop.page("/staff/layouts/new", &shop.admin).await;
    form.shows("88 seats");
    form.hides("notice-wrong");
    let text = form
        .text
        .split_once("required>\n")
        .unwrap()
        .1
        .split_once("</textarea>")
        .unwrap()
        .0
        .replace("&#34;", "\"");
    let saved = shop.post("/staff/layouts/new", &shop.admin, &[("text", &text), ("action", "save")]).await;
    assert!(saved.location.ends_with("?done=created"), "{} {}", saved.status, saved.text);
    assert_eq!(shop.read("/api/admin/layouts").await["pagination"]["total"], 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_plan_names_its_lines() {
    let shop = Shop::open().await;
    let plan = "{\n \"venue\": \"H\", \"name\": \"G\",\n \"sections\": [\n  {\"name\": \"VIP\", \"price\": -1,\n   \"rows\": [\
                {\"label\": \"A\", \"seats\": 2},\n    {\"label\": \"A\", \"seats\": 2}]}]}";
    let checked = shop.post("/staff/layouts/new", &shop.admin, &[("text", plan), ("action", "check")]).await;
    assert_eq!(checked.status.as_u16(), 200);
    checked.shows("2 things are wrong with this layout.");
    checked.shows("<strong>Line 4:</strong> must be from 0 to");
    checked.shows("<strong>Line 6:</strong> &#34;A&#34; appears twice");
    let saved = shop.post("/staff/layouts/new", &shop.admin, &[("text", plan), ("action", "save")]).await;
    assert_eq!(saved.status.as_u16(), 422);
    saved.shows("The layout was not saved.");
    for (broken, line) in
        [("{\n\"venue\": ", "Line 2:"), ("{\"venue\": \"H\", \"name\": \"G\",\n\"section\": []}", "Line ")]
    {
        let checked =
            shop.post("/staff/layouts/new", &shop.admin, &[("text", broken), ("action", "check")]).await;
        checked.shows("One thing is wrong with this layout.");
        checked.shows(line);
    }
    assert_eq!(shop.read("/api/admin/layouts").await["pagination"]["total"], 1);
}

#[tokio::test]
async fn the_picture_alone_and_an_uploaded_file_are_checked_too() {
    let shop = Shop::open().await;
    let picture = shop.json("/staff/layouts/picture", &shop.admin, &layout_plan().to_string()).await;
    picture.shows("<svg class=\"seats\"");
    picture.hides("<html");
    shop.json("/staff/layouts/picture", &shop.admin, "{}").await.shows("notice-wrong");
    let file = format!("\u{feff}{}", layout_plan());
    let uploaded = shop.upload("/staff/layouts/upload", &shop.admin, "hall.json", file.as_bytes()).await;
    uploaded.shows("30 seats");
    uploaded.shows("Harbour Hall");
    let none = shop.upload("/staff/layouts/upload", &shop.admin, "", b"").await;
    assert_eq!(none.status.as_u16(), 422);
}

#[tokio::test]
async fn a_hall_of_twenty_thousand_seats_is_a_small_page() {
    let shop = Shop::open().await;
    let rows: Vec<_> =
        (1..=200).map(|row| json!({"label": row.to_string(), "seats": 100, "gapsAfter": ["50"]})).collect();
    let plan =
        json!({"venue": "Dome", "name": "End stage", "sections": [{"name": "A", "price": 1, "rows": rows}]});
    let picture = shop.json("/staff/layouts/picture", &shop.admin, &plan.to_string()).await;
    picture.shows("20,000 seats");
    assert!(picture.text.len() < 30 << 10, "{} bytes", picture.text.len());
}

#[tokio::test]
async fn a_layout_is_deleted_after_a_tick() {
    let shop = Shop::open().await;
    let path = format!("/staff/layouts/{}/delete", shop.layout);
    assert_eq!(shop.post(&path, &shop.admin, &[]).await.status.as_u16(), 422);
    shop.post(&path, &shop.admin, &[("sureDelete", "yes")]).await.leads_to("/staff/layouts?done=deleted");
    assert_eq!(shop.read("/api/admin/layouts").await["pagination"]["total"], 0);
}

#[tokio::test]
async fn seats_are_taken_off_sale_by_range_and_put_back_and_counted() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    shop.sold(&shop.buyer, &seats[..1]).await;
    let path = format!("/staff/events/{}/hall", shop.event);
    let fields =
        [("section", "R"), ("rows", "B-C"), ("seats", "1-3"), ("reason", "camera"), ("action", "block")];
    shop.post(&path, &shop.admin, &fields).await.leads_to(&format!("{path}?done=blocked"));
    let page = shop.page(&path, &shop.admin).await;
    page.shows("<td>0</td><td>0</td><td>6</td><td>14</td><td>20</td>");
    page.shows("<td>1</td><td>0</td><td>0</td><td>9</td><td>10</td>");
    let fields = [("section", "R"), ("rows", "B"), ("action", "unblock")];
    shop.post(&path, &shop.admin, &fields).await.leads_to(&format!("{path}?done=unblocked"));
    shop.page(&path, &shop.admin).await.shows("<td>0</td><td>0</td><td>3</td><td>17</td><td>20</td>");
    // Those chosen on the picture.
    let fields =
        [("seat", seats[2].as_str()), ("seat", seats[3].as_str()), ("section", "R"), ("action", "block")];
    shop.post(&path, &shop.admin, &fields).await.leads_to(&format!("{path}?done=blocked"));
    shop.page(&path, &shop.admin).await.shows("<td>1</td><td>0</td><td>2</td><td>7</td><td>10</td>");
}

#[tokio::test]
async fn seats_that_are_sold_or_do_not_exist_are_not_taken_off_sale() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    shop.sold(&shop.buyer, &seats[..1]).await;
    let path = format!("/staff/events/{}/hall", shop.event);
    for (fields, sentence) in [
        ([("section", "VIP"), ("rows", ""), ("seats", "1-4")], "One seat is held or sold: VIP A-1"),
        ([("section", "VIP"), ("rows", "Z"), ("seats", "")], "The section has no row Z."),
        ([("section", "VIP"), ("rows", "A"), ("seats", "99")], "None of the rows has a seat 99."),
        ([("section", "S"), ("rows", ""), ("seats", "")], "This names no seats."),
    ] {
        let refused = shop.post(&path, &shop.admin, &fields).await;
        assert_eq!(refused.status.as_u16(), 422, "{fields:?}");
        refused.shows(sentence);
    }
    shop.page(&path, &shop.admin).await.shows("<td>1</td><td>0</td><td>0</td><td>9</td><td>10</td>");
}

#[tokio::test]
async fn a_waiting_room_is_set_by_its_form() {
    let shop = Shop::open().await;
    let path = format!("/staff/events/{}/waiting-room", shop.event);
    let set = [
        ("mode", "auto"),
        ("threshold", "400"),
        ("maxActive", "500"),
        ("rate", "adaptive"),
        ("admitPerMinute", "60"),
        ("admitPerMinuteAtMost", "600"),
        ("sessionTtl", "600"),
        ("sessionCap", "1800"),
        ("turnWindow", "120"),
        ("maxParty", "4"),
        ("fairness", "fifo"),
        ("onFailure", "open"),
        ("opensAt", "2026-01-06T09:00"),
        ("proof", "yes"),
        ("proofZeroDigits", "2"),
    ];
    shop.post(&path, &shop.admin, &set).await.leads_to(&format!("{path}?done=saved"));
    let policy = shop.read(&format!("/api/admin/events/{}/waiting-room", shop.event)).await["policy"].clone();
    assert_eq!(
        (&policy["mode"], &policy["threshold"], &policy["rate"]),
        (&json!("auto"), &json!(400), &json!("adaptive"))
    );
    assert_eq!((&policy["admitPerMinuteAtMost"], &policy["turnWindow"]), (&json!(600), &json!(120)));
    assert_eq!(
        (text(&policy["opensAt"]).as_str(), &policy["proofOfWork"]["zeroDigits"]),
        ("2026-01-06T00:00:00Z", &json!(2))
    );
    let page = shop.page(&path, &shop.admin).await;
    page.shows("value=\"2026-01-06T09:00\"");
    page.shows("<option value=\"auto\" selected>");
    // What belongs to another choice is not sent, so that it is no error.
    let plain = [
        ("mode", "on"),
        ("threshold", "400"),
        ("maxActive", "500"),
        ("rate", "unlimited"),
        ("admitPerMinute", "60"),
        ("admitPerMinuteAtMost", "600"),
        ("sessionTtl", "600"),
        ("sessionCap", "1800"),
        ("turnWindow", "120"),
        ("maxParty", "4"),
        ("fairness", "fifo"),
        ("onFailure", "closed"),
    ];
    shop.post(&path, &shop.admin, &plain).await.leads_to(&format!("{path}?done=saved"));
    shop.page("/staff/rooms", &shop.admin).await.shows("The line moves");
}

#[tokio::test]
async fn a_policy_that_cannot_be_is_said_at_its_field() {
    let shop = Shop::open().await;
    let path = format!("/staff/events/{}/waiting-room", shop.event);
    let base = [
        ("mode", "auto"),
        ("maxActive", "0"),
        ("rate", "fixed"),
        ("fairness", "fifo"),
        ("onFailure", "closed"),
    ];
    let refused = shop.post(&path, &shop.admin, &base).await;
    assert_eq!(refused.status.as_u16(), 422);
    refused.shows("id=\"admitPerMinute-wrong\">This is required.");
    let refused = shop.post(&path, &shop.admin, &[&base[..], &[("admitPerMinute", "9")]].concat()).await;
    refused.shows("id=\"threshold-wrong\">");
    let refused = shop
        .post(&path, &shop.admin, &[&base[..], &[("admitPerMinute", "9"), ("threshold", "1")]].concat())
        .await;
    refused.shows("id=\"maxActive-wrong\">It must be from 1 to");
    refused.shows("value=\"9\"");
}

#[tokio::test]
async fn a_line_is_shown_and_cleared_after_a_tick() {
    let shop = Shop::open().await;
    let path = format!("/staff/events/{}/waiting-room", shop.event);
    let on = [
        ("mode", "on"),
        ("maxActive", "1"),
        ("rate", "unlimited"),
        ("fairness", "fifo"),
        ("onFailure", "closed"),
    ];
    shop.post(&path, &shop.admin, &on).await.leads_to(&format!("{path}?done=saved"));
    let join = json!({"eventId": shop.event});
    shop.api(axum::http::Method::POST, "/api/queue", &shop.buyer, &join).await;
    let page = shop.page(&path, &shop.admin).await;
    page.shows("<dt>Waiting</dt><dd>1</dd>");
    let unsure = shop.post(&format!("{path}/clear"), &shop.admin, &[]).await;
    assert_eq!(unsure.status.as_u16(), 422);
    unsure.shows("Tick the box to confirm it.");
    shop.post(&format!("{path}/clear"), &shop.admin, &[("sureClear", "yes")])
        .await
        .leads_to(&format!("{path}?done=saved"));
    shop.page(&path, &shop.admin).await.shows("<dt>Waiting</dt><dd>0</dd>");
}
