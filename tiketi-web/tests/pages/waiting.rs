//! The waiting room, without scripts.

use std::time::Duration;

use serde_json::json;

use crate::browser::Browser;
use crate::shop::{BUYER, OTHER, Shop};

async fn with_room(policy: serde_json::Value) -> Shop {
    let mut shop = Shop::open().await;
    let path = format!("/api/admin/events/{}/waiting-room", shop.event);
    shop.staff_json("PUT", &path, &policy).await;
    shop
}

async fn join(shop: &Shop, browser: &mut Browser) {
    let page = browser.open(&shop.at("/line")).await;
    browser.submit(&page.form(&shop.at("/line"))).await;
}

#[tokio::test]
async fn buyers_choose_in_their_turn_and_nobody_else() {
    let shop = with_room(json!({"mode": "on", "maxActive": 1})).await;
    let (mut first, mut second) = (shop.buyer(BUYER).await, shop.buyer(OTHER).await);
    first.open(&shop.at("")).await.link(&shop.at("/line"));
    // The way to the seats leads to the waiting room.
    assert_eq!(first.open(&shop.at("/seats")).await.path, shop.at("/line"));
    join(&shop, &mut first).await;
    join(&shop, &mut second).await;
    shop.wait(Duration::from_secs(2)).await;

    let waits = second.open(&shop.at("/line")).await;
    waits.assert_says("Your place in the line");
    waits.assert_says("<noscript><meta http-equiv=\"refresh\"");
    waits.assert_says("data-part=\"position\">1<");
    assert_eq!(second.open(&shop.at("/line")).await.path, waits.path, "a reload keeps the place");

    let called = first.open(&shop.at("/line")).await;
    called.assert_says("It is your turn");
    let seats = first.submit(&called.form(&shop.at("/line/enter"))).await;
    assert_eq!(seats.path, shop.at("/seats"));
    let paid = shop.buy_one(&mut first).await;
    paid.assert_says("The tickets are yours");
    assert_eq!(second.open(&shop.at("/seats")).await.path, shop.at("/line"));

    // The place of who has paid goes to the next one.
    shop.wait(Duration::from_secs(2)).await;
    let called = second.open(&shop.at("/line")).await;
    second.submit(&called.form(&shop.at("/line/enter"))).await;
    shop.hold_one(&mut second).await.assert_says("VIP A-2");
}

#[tokio::test]
async fn who_leaves_the_line_may_join_again() {
    let shop = with_room(json!({"mode": "on", "maxActive": 1})).await;
    let (mut first, mut second) = (shop.buyer(BUYER).await, shop.buyer(OTHER).await);
    join(&shop, &mut first).await;
    shop.wait(Duration::from_secs(2)).await;
    join(&shop, &mut second).await;
    let page = second.open(&shop.at("/line")).await;
    let left = second.submit(&page.form(&shop.at("/line/leave"))).await;
    left.assert_says("You have left the line.");
    second.submit(&left.form(&shop.at("/line"))).await.assert_says("Your place in the line");
}

#[tokio::test]
async fn a_drawn_lobby_shows_its_hash_before_and_its_seed_after() {
    let mut shop = Shop::with(json!({"saleStart": "2026-01-05T11:00:00Z"})).await;
    let path = format!("/api/admin/events/{}/waiting-room", shop.event);
    shop.staff_json("PUT", &path, &json!({"mode": "on", "maxActive": 1, "fairness": "draw"})).await;
    let mut browser = shop.buyer(BUYER).await;
    join(&shop, &mut browser).await;
    shop.wait(Duration::from_secs(2)).await;
    let before = browser.open(&shop.at("/line")).await;
    before.assert_says("Hash of the seed");
    before.assert_says("published when the line opens");
    shop.wait(Duration::from_hours(1)).await;
    shop.wait(Duration::from_secs(3)).await;
    let after = browser.open(&shop.at("/line")).await;
    assert!(!after.html.contains("published when the line opens"), "{}", after.html);
}
