//! Concurrent requests.

use futures::future::{join, join_all};
use serde_json::json;
use tiketi_toss_stub::{Call, Fault};

use crate::toss::counter::Counter;

#[tokio::test]
async fn fifty_of_one_confirm_are_one_charge_and_fifty_equal_answers() {
    let counter = Counter::open().await;
    let order = counter.payment_client().prepare(0).await;
    let answers = join_all((0..50).map(|_| counter.payment_client().confirm(&order))).await;
    assert_eq!(answers[0].0, 200, "{:?}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!((answers.len(), counter.stub.asked(Call::Confirm)), (50, 1));
    counter.close().await;
}

#[tokio::test]
async fn fifty_equal_confirms_that_hang_answer_equally_and_charge_once() {
    let counter = Counter::open().await;
    let order = counter.payment_client().prepare(0).await;
    counter.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    let answers = join_all((0..50).map(|_| counter.payment_client().confirm(&order))).await;
    assert_eq!(answers[0].0, 202, "{:?}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    counter.stub.release_hanging();
    counter.payment_client().wait_for_status(&order, "completed").await;
    assert_eq!(counter.stub.asked(Call::Confirm), 1);
    counter.close().await;
}

#[tokio::test]
async fn of_two_attempts_at_one_reservation_confirmed_at_once_one_is_charged() {
    let counter = Counter::open().await;
    for seat in 0..5 {
        let first = counter.payment_client().prepare(seat).await;
        let second = counter.payment_client().prepare_again(&first.token, &first.reservation).await;
        let (one, other) =
            join(counter.payment_client().confirm(&first), counter.payment_client().confirm(&second)).await;
        assert_eq!((one.0, other.0), (409, 200), "{one:?} {other:?}");
        assert_eq!(one.1["code"], "PAYMENT_NOT_READY");
    }
    counter.close().await;
}

#[tokio::test]
async fn what_is_being_paid_cannot_be_cancelled() {
    let counter = Counter::open().await;
    let order = counter.payment_client().prepare(0).await;
    counter.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    let confirming = tokio::spawn(counter.payment_client().send_confirm(&order));
    counter.until_asked(Call::Confirm, 1).await;
    let (status, refused) = counter.payment_client().send_cancel(&order).await.unwrap();
    assert_eq!((status, &refused["code"]), (409, &json!("PAYMENT_IN_PROGRESS")), "{refused}");
    counter.stub.release_hanging();
    assert_eq!(confirming.await.unwrap().unwrap().0, 200);
    counter.close().await;
}
