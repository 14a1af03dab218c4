//! Notices, the log, roles, and mail.

use tiketi_core::account::Role;

use super::shop::{Shop, text};

#[tokio::test]
async fn a_notice_is_written_changed_pinned_and_deleted() {
    let shop = Shop::open().await;
    let fields = [
        ("title", "Doors open early"),
        ("body", "At 18:30.\r\nBring a coat."),
        ("language", "en"),
        ("key", "once"),
    ];
    for _ in 0..2 {
        shop.post("/staff/notices/new", &shop.admin, &fields).await.leads_to("/staff/notices?done=published");
    }
    let news = shop.read("/api/news").await;
    assert_eq!(news["news"].as_array().unwrap().len(), 1);
    assert_eq!(news["news"][0]["body"], "At 18:30.\nBring a coat.");
    let path = format!("/staff/notices/{}", text(&news["news"][0]["id"]));
    shop.page(&path, &shop.admin).await.shows("Bring a coat.");
    let fields = [
        ("title", "Doors open"),
        ("body", "At 18:30."),
        ("language", "ko"),
        ("pinned", "yes"),
        ("version", "1"),
    ];
    shop.post(&path, &shop.admin, &fields).await.leads_to("/staff/notices?done=saved");
    let late = shop.post(&path, &shop.admin, &fields).await;
    assert_eq!(late.status.as_u16(), 409, "it was changed since");
    let wrong = shop
        .post(&path, &shop.admin, &[("title", ""), ("body", "x"), ("language", "ko"), ("version", "2")])
        .await;
    assert_eq!(wrong.status.as_u16(), 422);
    wrong.shows("id=\"title-wrong\">It must have from 1 to 200 characters.");
    shop.page("/staff/notices", &shop.admin).await.shows("pinned");
    assert_eq!(shop.post(&format!("{path}/delete"), &shop.admin, &[]).await.status.as_u16(), 422);
    shop.post(&format!("{path}/delete"), &shop.admin, &[("sureDelete", "yes")])
        .await
        .leads_to("/staff/notices?done=deleted");
    shop.page("/staff/notices", &shop.admin).await.shows("Nothing was found.");
}

#[tokio::test]
async fn the_log_shows_what_was_changed_and_reads_on_by_a_key() {
    let shop = Shop::open().await;
    for number in 0..25 {
        let title = format!("Notice {number}");
        let fields = [("title", title.as_str()), ("body", "x"), ("language", "en")];
        shop.post("/staff/notices/new", &shop.admin, &fields).await.leads_to("/staff/notices?done=published");
    }
    let page = shop.page("/staff/log?action=postNews", &shop.admin).await;
    page.shows("<strong>postNews</strong>");
    page.shows("<code>title</code></th><td><span class=\"quiet\">–</span></td><td><ins>Notice 24</ins>");
    page.hides("<ins>Notice 4</ins>");
    let next = page
        .text
        .split_once("rel=\"next\" href=\"")
        .unwrap()
        .1
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&");
    assert!(next.starts_with("/staff/log?action=postNews&after="), "{next}");
    let second = shop.page(&next, &shop.admin).await;
    second.shows("<ins>Notice 4</ins>");
    second.hides("<ins>Notice 24</ins>");
    second.hides("rel=\"next\"");
    second.shows("href=\"/staff/log?action=postNews\"");
    shop.page("/staff/log?to=2026-01-04", &shop.admin).await.shows("Nothing was found.");
    let wrong = shop.page("/staff/log?actor=me", &shop.admin).await;
    assert_eq!(wrong.status.as_u16(), 200);
    wrong.shows("notice-wrong");
}

#[tokio::test]
async fn roles_are_changed_and_the_last_administrator_stays_one() {
    let shop = Shop::open().await;
    let accounts = shop.read("/api/admin/accounts?role=admin").await;
    let admin = text(&accounts["data"][0]["id"]);
    let refused = shop
        .post(&format!("/staff/people/{admin}"), &shop.admin, &[("role", "user"), ("search", "admin")])
        .await;
    assert_eq!(refused.status.as_u16(), 409);
    refused.shows("notice-wrong");
    refused.shows("admin@example.com");
    refused.hides("buyer@example.com");
    let buyer = text(&shop.read("/api/admin/accounts?search=buyer").await["data"][0]["id"]);
    let fields = [("role", "box_office"), ("reason", "new at the box office"), ("search", "buyer")];
    shop.post(&format!("/staff/people/{buyer}"), &shop.admin, &fields)
        .await
        .leads_to("/staff/people?search=buyer&done=saved");
    assert_eq!(shop.page("/staff", &shop.buyer).await.status.as_u16(), 200);
    shop.page("/staff/people?role=box_office", &shop.admin).await.shows("buyer@example.com");
    shop.page("/staff/log?action=patchAdminAccountsById", &shop.admin).await.shows("new at the box office");
}

#[tokio::test]
async fn a_shop_that_sends_no_mail_says_so() {
    let shop = Shop::open().await;
    shop.page("/staff/mail", &shop.admin).await.shows("This shop sends no mail.");
    let finance = shop.browser_of(Role::Finance).await;
    assert_eq!(shop.page("/staff/mail", &finance).await.status.as_u16(), 403);
}
