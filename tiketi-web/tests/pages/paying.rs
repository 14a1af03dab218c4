//! What comes of paying.

use tiketi_core::gateway::{ConfirmAnswer, ProviderResponse};

use crate::shop::{BUYER, Shop};

#[tokio::test]
async fn a_declined_payment_can_be_tried_again() {
    let shop = Shop::open().await;
    let mut browser = shop.buyer(BUYER).await;
    shop.gateway.answer_next_confirm(ConfirmAnswer::Declined { code: "REJECT_CARD_PAYMENT".to_owned() });
    let declined = shop.buy_one(&mut browser).await;
    declined.assert_says("Nothing was charged");
    let checkout = browser.open(&declined.link("/reservations/0")).await;
    browser.submit(&checkout.form(&checkout.path)).await.assert_says("The tickets are yours");
}

#[tokio::test]
async fn an_unknown_outcome_is_waited_for_and_not_paid_again() {
    let shop = Shop::open().await;
    let mut browser = shop.buyer(BUYER).await;
    let unknown = ConfirmAnswer::Unknown { reason: "test".to_owned(), response: ProviderResponse::NotAsked };
    shop.gateway.answer_next_confirm(unknown);
    let pending = shop.buy_one(&mut browser).await;
    pending.assert_says("Do not pay again.");
    pending.assert_says("<noscript><meta http-equiv=\"refresh\"");
    // The page to pay leads to where the answer is shown.
    let again = browser.open(&pending.path.replace("/result", "/checkout")).await;
    assert_eq!(again.path, pending.path);
}

#[tokio::test]
async fn a_buyer_who_gives_up_at_the_provider_comes_back_to_the_payment() {
    let shop = Shop::open().await;
    let mut browser = shop.buyer(BUYER).await;
    let held = shop.hold_one(&mut browser).await;
    let checkout = browser.open(&format!("{}?failed=1", held.link("/reservations/"))).await;
    checkout.assert_says("You have not paid.");
    assert_eq!(browser.open("/payments/failed").await.path, "/reservations");
    let unknown = "/payments/return?orderId=01890a5d-ac96-774b-bcce-b302099a8057&amount=1&paymentKey=k";
    assert_eq!(browser.open(unknown).await.status, 404);
}
