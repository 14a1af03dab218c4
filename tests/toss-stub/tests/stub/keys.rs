//! Idempotency keys.

use std::time::Duration;

use serde_json::json;
use tiketi_toss_stub::{Call, Fault};

use crate::provider::{ORDER, Provider, answered, said, told};

const KEY: &str = "Idempotency-Key";

#[tokio::test]
async fn a_key_has_one_effect_and_one_answer_whatever_the_body_says() {
    let provider = Provider::open().await;
    let key = provider.stub.authenticate(ORDER, 1000).unwrap();
    let first = answered(provider.confirm(&key, 1000).header(KEY, "one")).await;
    assert_eq!(first.0, 200);
    assert_eq!(answered(provider.confirm(&key, 1000).header(KEY, "one")).await, first);
    assert_eq!(answered(provider.confirm("another", 7).header(KEY, "one")).await, first);
    let other = told(provider.confirm(&key, 1000).header(KEY, "two")).await;
    assert_eq!(other, said(400, "ALREADY_PROCESSED_PAYMENT"));
    // The same key with another path is a different identity.
    let cancel = provider.cancel(&key, &json!({"cancelReason": "rain"})).header(KEY, "one");
    assert_eq!(told(cancel).await, said(200, "CANCELED"));
    assert_eq!(provider.account(&key).captures, 1);
}

#[tokio::test]
async fn errors_are_kept_as_any_other_answer_for_fifteen_days() {
    let provider = Provider::open().await;
    let key = provider.stub.authenticate(ORDER, 1000).unwrap();
    let wrong = || provider.confirm(&key, 999).header(KEY, "one");
    assert_eq!(told(wrong()).await, said(400, "INVALID_REQUEST"));
    let right = || provider.confirm(&key, 1000).header(KEY, "one");
    assert_eq!(told(right()).await, said(400, "INVALID_REQUEST"));
    provider.stub.advance(Duration::from_hours(15 * 24));
    assert_eq!(told(right()).await, said(404, "NOT_FOUND_PAYMENT_SESSION"));
}

#[tokio::test]
async fn a_key_in_flight_is_refused_until_its_request_is_answered() {
    let provider = Provider::open().await;
    let key = provider.stub.authenticate(ORDER, 1000).unwrap();
    provider.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    let first = tokio::spawn(answered(provider.confirm(&key, 1000).header(KEY, "one")));
    provider.stub.until_asked(Call::Confirm, 1).await;
    let in_flight = said(409, "IDEMPOTENT_REQUEST_PROCESSING");
    assert_eq!(told(provider.confirm(&key, 1000).header(KEY, "one")).await, in_flight);
    provider.stub.release_hanging();
    let first = first.await.unwrap();
    assert_eq!(first.0, 200);
    assert_eq!(answered(provider.confirm(&key, 1000).header(KEY, "one")).await, first);
    assert_eq!(provider.account(&key).captures, 1);
}

#[tokio::test]
async fn what_never_came_in_leaves_its_key_free() {
    let provider = Provider::open().await;
    let key = provider.stub.authenticate(ORDER, 1000).unwrap();
    provider.stub.fail_next(Fault::cut(Call::Confirm));
    assert!(provider.confirm(&key, 1000).header(KEY, "one").send().await.is_err());
    assert_eq!(told(provider.confirm(&key, 1000).header(KEY, "one")).await, said(200, "DONE"));
}

#[tokio::test]
async fn a_key_of_more_than_three_hundred_letters_is_none() {
    let provider = Provider::open().await;
    let key = provider.stub.authenticate(ORDER, 1000).unwrap();
    for bad in [String::new(), "k".repeat(301)] {
        let asked = provider.confirm(&key, 1000).header(KEY, bad);
        assert_eq!(told(asked).await, said(400, "INVALID_IDEMPOTENCY_KEY"));
    }
    let longest = provider.confirm(&key, 1000).header(KEY, "k".repeat(300));
    assert_eq!(told(longest).await, said(200, "DONE"));
}
