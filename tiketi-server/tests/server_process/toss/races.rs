//! Concurrent requests.

use futures::future::{join, join_all};
use serde_json::json;
use tiketi_toss_stub::{Call, Fault};

use crate::toss::toss_shop::TossShop;

#[tokio::test]
async fn fifty_of_one_confirm_are_one_charge_and_fifty_equal_answers() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    let answers = join_all((0..50).map(|_| toss_shop.payment_client().confirm(&order))).await;
    assert_eq!(answers[0].0, 200, "{:?}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!((answers.len(), toss_shop.stub.asked(Call::Confirm)), (50, 1));
    toss_shop.close().await;
}

#[tokio::test]
async fn fifty_equal_confirms_that_hang_answer_equally_and_charge_once() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    toss_shop.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    let answers = join_all((0..50).map(|_| toss_shop.payment_client().confirm(&order))).await;
    assert_eq!(answers[0].0, 202, "{:?}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    toss_shop.stub.release_hanging();
    toss_shop.payment_client().wait_for_status(&order, "completed").await;
    assert_eq!(toss_shop.stub.asked(Call::Confirm), 1);
    toss_shop.close().await;
}

#[tokio::test]
async fn of_two_attempts_at_one_reservation_confirmed_at_once_one_is_charged() {
    let toss_shop = TossShop::open().await;
    for seat in 0..5 {
        let first = toss_shop.payment_client().prepare(seat).await;
        let second = toss_shop.payment_client().prepare_again(&first.token, &first.reservation).await;
        let (one, other) =
            join(toss_shop.payment_client().confirm(&first), toss_shop.payment_client().confirm(&second))
                .await;
        assert_eq!((one.0, other.0), (409, 200), "{one:?} {other:?}");
        assert_eq!(one.1["code"], "PAYMENT_NOT_READY");
    }
    toss_shop.close().await;
}

#[tokio::test]
async fn what_is_being_paid_cannot_be_cancelled() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    toss_shop.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    let confirming = tokio::spawn(toss_shop.payment_client().send_confirm(&order));
    toss_shop.until_asked(Call::Confirm, 1).await;
    let (status, refused) = toss_shop.payment_client().send_cancel(&order).await.unwrap();
    assert_eq!((status, &refused["code"]), (409, &json!("PAYMENT_IN_PROGRESS")), "{refused}");
    toss_shop.stub.release_hanging();
    assert_eq!(confirming.await.unwrap().unwrap().0, 200);
    toss_shop.close().await;
}
