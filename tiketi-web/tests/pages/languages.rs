//! Both languages, and the headers, of every page.

use axum::http::Method;

use crate::shop::{BUYER, Shop};

/// Every page that can be shown without more, and a text of it in each language.
async fn pages(shop: &Shop) -> Vec<(String, &'static str, &'static str)> {
    let mut browser = shop.buyer(BUYER).await;
    let paid = shop.buy_one(&mut browser).await;
    let own = paid.path.replace("/result", "");
    let held = shop.hold_one(&mut browser).await.link("/reservations/");
    vec![
        ("/".to_owned(), "Events", "공연"),
        ("/events?status=on_sale&search=lighthouse".to_owned(), "One event", "공연 1개"),
        (shop.at(""), "Giving tickets back", "취소와 환불"),
        (shop.at("/seats"), "Choose a section", "구역을 선택하세요"),
        (shop.at("/seats?section=VIP"), "Row A", "A열"),
        (shop.at("/seats?section=VIP&row=A"), "Choose a seat in row A", "A열의 좌석"),
        (held, "How do you want to pay?", "결제 수단"),
        (paid.path, "The tickets are yours", "예매가 완료되었습니다"),
        ("/reservations".to_owned(), "Confirmed", "예매 완료"),
        (own, "Give the tickets back", "예매 취소"),
        ("/news".to_owned(), "There is no news.", "공지사항이 없습니다."),
        ("/profile".to_owned(), "Language of mail", "메일 언어"),
        ("/register".to_owned(), "Create an account", "회원 가입"),
        ("/verify".to_owned(), "Code from the mail", "메일로 받은 코드"),
        ("/reset".to_owned(), "Send the code", "코드 보내기"),
        ("/reset/x".to_owned(), "New password", "새 비밀번호"),
        ("/nowhere".to_owned(), "There is nothing here", "페이지를 찾을 수 없습니다"),
    ]
}

#[tokio::test]
async fn each_page_is_there_in_both_languages_under_a_strict_policy() {
    let shop = Shop::open().await;
    let mut browser = shop.buyer(BUYER).await;
    for (path, english, korean) in pages(&shop).await {
        for (language, text) in [("en-GB,en;q=0.8", english), ("ko-KR,ko;q=0.9,en;q=0.5", korean)] {
            browser.language = language;
            let page = browser.open(&path).await;
            page.assert_says(text);
            page.assert_says(&format!("<html lang=\"{}\"", &language[..2]));
            assert_eq!(page.header("cache-control"), "no-store", "{path}: it shows a user");
            let policy = page.header("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
                "{path}: {policy}"
            );
            assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
            let inline = [" style=", "<style", " onclick=", "<script>", "javascript:"];
            assert!(!inline.iter().any(|inline| page.html.contains(inline)), "{path}");
            assert!(page.html.len() < 150 << 10, "{path}: {} bytes", page.html.len());
            // The sentences that scripts say are in the page; an unknown one would be shown by its name.
            assert!(!page.html.contains("-title-") && !page.html.contains("data-held=\"hall-"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_chosen_language_and_theme_stay_and_reach_the_sentences_of_the_api() {
    let shop = Shop::open().await;
    let mut browser = shop.browser();
    let home = browser.open("/sign-in").await;
    let switch = home.form("/preferences").set("language", "ko").set("theme", "dark");
    let back = browser.send(Method::POST, "/preferences", None).await;
    assert_eq!(back.status, 400, "a form without fields is none");
    browser.submit(&switch).await.assert_says("<html lang=\"ko\" data-theme=\"dark\"");
    let form = browser.open("/sign-in").await.form("/sign-in");
    let refused = browser.submit(&form.set("email", BUYER).set("password", "wrong horse")).await;
    refused.assert_says("이메일 또는 비밀번호가 올바르지 않습니다.");
}

#[tokio::test]
async fn a_page_that_shows_no_user_is_sent_once() {
    let shop = Shop::open().await;
    let mut browser = shop.browser();
    let page = browser.open("/events").await;
    assert_eq!(page.header("cache-control"), "private, no-cache");
    assert!(page.header("vary").contains("cookie") && page.header("vary").contains("accept-language"));
    let tag: &'static str = page.header("etag").to_owned().leak();
    shop.clock.advance(std::time::Duration::from_secs(1));
    browser.headers.push(("if-none-match", tag));
    let again = browser.open("/events").await;
    assert_eq!((again.status.as_u16(), again.html.as_str()), (304, ""));
}
