//! What organisers and buyers write is text.

use serde_json::json;

use crate::shop::{BUYER, Shop};

/// A text that would run as a script, or end an attribute.
const EVIL: &str = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>'";

#[tokio::test]
async fn titles_with_html_are_shown_as_they_are_written() {
    let mut shop =
        Shop::with(json!({"title": EVIL, "artist": EVIL, "venue": EVIL, "description": EVIL})).await;
    let notice = json!({"title": EVIL, "body": EVIL, "language": "en"});
    let notice = shop.staff_json("POST", "/api/news", &notice).await;
    let notice = format!("/news/{}", notice["notice"]["id"].as_str().unwrap());
    let mut browser = shop.buyer(BUYER).await;
    let held = shop.hold_one(&mut browser).await;
    let paths = [
        "/events".to_owned(),
        shop.at(""),
        shop.at("/seats"),
        held.link("/reservations/"),
        "/reservations".to_owned(),
        "/news".to_owned(),
        notice,
    ];
    for path in paths {
        let page = browser.open(&path).await;
        page.assert_says("&#60;script&#62;alert(1)");
        assert!(
            !page.html.contains("<script>alert") && !page.html.contains("<img src=x"),
            "{path}: {}",
            page.html
        );
    }
    let mut search = String::from("/events?search=");
    search.extend(form_urlencoded::byte_serialize(EVIL.as_bytes()));
    let page = browser.open(&search).await;
    assert!(!page.html.contains("<script>alert") && !page.html.contains("\"><img"), "{}", page.html);
}
