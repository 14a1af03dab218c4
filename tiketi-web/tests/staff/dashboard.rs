//! Figures and their charts.

use super::shop::Shop;

#[tokio::test]
async fn what_was_sold_is_in_tiles_charts_and_tables_with_zone_and_time() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    shop.sold(&shop.buyer, &seats[..2]).await;
    shop.settle().await;
    let page = shop.page("/staff", &shop.admin).await;
    page.shows("<dt>Tickets sold</dt><dd>2</dd>");
    page.shows("₩300,000");
    page.shows("2025-12-07 to 2026-01-05, days of Asia/Seoul. Counted up to 2026-01-05 19:0");
    // The drawing, and the same figures as a table.
    page.shows("<svg class=\"chart\"");
    page.shows("<title id=\"chart-sales-title\">Tickets by day</title>");
    page.shows("<tr><th scope=\"row\">01-05</th><td>2</td><td>0</td></tr>");
    page.shows("<tr><th scope=\"row\">01-05</th><td>300,000 KRW</td><td>0 KRW</td></tr>");
    // By the hour of Seoul: 19:00.
    page.shows("<tr><th scope=\"row\">19</th><td>1</td><td>2</td></tr>");
    page.shows("kakao_pay");
}

#[tokio::test]
async fn days_and_event_are_chosen_by_the_address() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    shop.sold(&shop.buyer, &seats[..2]).await;
    shop.settle().await;
    let week = shop.page("/staff?days=7", &shop.admin).await;
    week.shows("2025-12-30 to 2026-01-05");
    week.shows("href=\"/staff?days=7\" aria-current=\"true\"");
    let before = shop.page("/staff?from=2025-12-01&to=2025-12-31", &shop.admin).await;
    before.shows("2025-12-01 to 2025-12-31");
    before.shows("Nothing in this time.");
    let event = shop.page(&format!("/staff?event={}", shop.event), &shop.admin).await;
    event.shows("Tickets sold by section");
    event.shows("<strong>2</strong> <span class=\"quiet\">of 10</span>");
}

#[tokio::test]
async fn days_that_do_not_exist_are_refused_on_the_page() {
    let shop = Shop::open().await;
    shop.settle().await;
    let page = shop.page("/staff?from=2026-02-30", &shop.admin).await;
    page.shows("notice-wrong");
    // What happens now is shown nevertheless.
    page.shows("Stock of the events on sale");
    assert_eq!(page.status.as_u16(), 200);
}
