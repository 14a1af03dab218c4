//! Confirms, lookups and cancels.

use std::time::Duration;

use serde_json::{Value, json};
use tiketi_toss_stub::{Call, Fault};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::provider::{ORDER, Provider, SECRET, answered, said, told};

#[tokio::test]
async fn a_payment_is_shown_in_the_words_of_the_api() {
    let provider = Provider::open().await;
    let key = provider.paid(220_000).await;
    let url = format!("{}/v1/payments/{key}", provider.stub.url());
    let (status, shown) = answered(provider.client.get(url).basic_auth(SECRET, Some(""))).await;
    assert_eq!(status, 200);
    let part = |name: &str| shown.get(name).cloned().unwrap();
    assert_eq!((part("paymentKey"), part("orderId")), (json!(key), json!(ORDER)));
    assert_eq!((part("totalAmount"), part("balanceAmount")), (json!(220_000), json!(220_000)));
    assert_eq!((part("currency"), part("status")), (json!("KRW"), json!("DONE")));
    assert_eq!(part("approvedAt"), json!("2026-01-05T12:00:00+09:00"));
    assert_eq!((part("cancels"), part("failure"), part("secret")), (Value::Null, Value::Null, Value::Null));
}

#[tokio::test]
async fn only_the_secret_key_with_its_colon_is_let_in() {
    let provider = Provider::open().await;
    let url = format!("{}/v1/payments/orders/{ORDER}", provider.stub.url());
    let get = || provider.client.get(&url);
    assert_eq!(told(get()).await, said(401, "UNAUTHORIZED_KEY"));
    assert_eq!(told(get().basic_auth("test_sk_other", Some(""))).await, said(401, "UNAUTHORIZED_KEY"));
    let malformed = said(403, "INCORRECT_BASIC_AUTH_FORMAT");
    // The second header is the key without its colon.
    for header in ["Bearer test_sk_stub", "Basic dGVzdF9za19zdHVi", "Basic !!!"] {
        assert_eq!(told(get().header("authorization", header)).await, malformed, "{header}");
    }
    assert_eq!(told(get().basic_auth(SECRET, Some(""))).await, said(404, "NOT_FOUND_PAYMENT"));
}

#[tokio::test]
async fn a_confirm_has_to_fit_what_the_buyer_authenticated() {
    let provider = Provider::open().await;
    let key = provider.stub.authenticate(ORDER, 1000).unwrap();
    assert_eq!(told(provider.confirm(&key, 999)).await, said(400, "INVALID_REQUEST"));
    assert_eq!(told(provider.confirm("unheard_of", 1000)).await, said(404, "NOT_FOUND_PAYMENT_SESSION"));
    assert_eq!(told(provider.confirm(&key, 1000)).await, said(200, "DONE"));
    assert_eq!(told(provider.confirm(&key, 1000)).await, said(400, "ALREADY_PROCESSED_PAYMENT"));
    let again = provider.stub.authenticate(ORDER, 1000).unwrap();
    assert_eq!(told(provider.confirm(&again, 1000)).await, said(400, "DUPLICATED_ORDER_ID"));
    assert_eq!(provider.account(&key).captures, 1);
}

#[tokio::test]
async fn ten_minutes_after_the_buyer_authenticated_it_is_too_late() {
    let provider = Provider::open().await;
    let key = provider.stub.authenticate(ORDER, 1000).unwrap();
    provider.stub.advance(Duration::from_mins(10));
    assert_eq!(told(provider.confirm(&key, 1000)).await, said(404, "NOT_FOUND_PAYMENT_SESSION"));
    let url = format!("{}/v1/payments/{key}", provider.stub.url());
    assert_eq!(told(provider.client.get(url).basic_auth(SECRET, Some(""))).await, said(200, "EXPIRED"));
}

#[tokio::test]
async fn parts_are_cancelled_while_the_balance_is_as_the_shop_says() {
    let provider = Provider::open().await;
    let key = provider.paid(1000).await;
    let part = |amount: i64, balance: i64| json!({"cancelReason": "rain", "cancelAmount": amount, "refundableAmount": balance});
    let second = Duration::from_secs(1);
    assert_eq!(told(provider.cancel(&key, &part(300, 1000))).await, said(200, "PARTIAL_CANCELED"));
    let too_soon = said(403, "FORBIDDEN_CONSECUTIVE_REQUEST");
    provider.stub.advance(Duration::from_millis(999));
    assert_eq!(told(provider.cancel(&key, &part(300, 700))).await, too_soon);
    provider.stub.advance(Duration::from_millis(1));
    let mismatch = said(400, "NOT_MATCHES_REFUNDABLE_AMOUNT");
    assert_eq!(told(provider.cancel(&key, &part(300, 1000))).await, mismatch);
    assert_eq!(told(provider.cancel(&key, &part(701, 700))).await, said(403, "NOT_CANCELABLE_AMOUNT"));
    assert_eq!(told(provider.cancel(&key, &part(0, 700))).await, said(400, "INVALID_REQUEST"));
    assert_eq!(told(provider.cancel(&key, &json!({"cancelReason": ""}))).await, said(400, "INVALID_REQUEST"));
    let (status, shown) = answered(provider.cancel(&key, &json!({"cancelReason": "rain"}))).await;
    assert_eq!((status, &shown["status"], &shown["balanceAmount"]), (200, &json!("CANCELED"), &json!(0)));
    let left: Vec<_> =
        shown["cancels"].as_array().unwrap().iter().map(|one| &one["refundableAmount"]).collect();
    assert_eq!(left, [700, 0]);
    provider.stub.advance(second);
    let all_gone = said(400, "ALREADY_CANCELED_PAYMENT");
    assert_eq!(told(provider.cancel(&key, &json!({"cancelReason": "rain"}))).await, all_gone);
    assert_eq!((provider.account(&key).refunded, provider.account(&key).refunds), (1000, 2));
}

#[tokio::test]
async fn a_test_key_chooses_its_error_by_a_header() {
    let provider = Provider::open().await;
    let key = provider.stub.authenticate(ORDER, 1000).unwrap();
    let asked = provider.confirm(&key, 1000).header("TossPayments-Test-Code", "REJECT_CARD_COMPANY");
    assert_eq!(told(asked).await, said(403, "REJECT_CARD_COMPANY"));
    assert_eq!(provider.account(&key).captures, 0);
}

#[tokio::test]
async fn faults_wait_for_requests_of_their_kind_and_befall_one_each() {
    let provider = Provider::open().await;
    let key = provider.stub.authenticate(ORDER, 1000).unwrap();
    provider.stub.fail_next(Fault::code(Call::Cancel, "FAILED_REFUND_PROCESS"));
    provider.stub.fail_next(Fault::code(Call::Confirm, "COMMON_ERROR"));
    provider.stub.fail_next(Fault::unreadable(Call::Confirm, 502));
    assert_eq!(told(provider.confirm(&key, 1000)).await, said(500, "COMMON_ERROR"));
    assert_eq!(told(provider.confirm(&key, 1000)).await, said(502, ""));
    assert_eq!(told(provider.confirm(&key, 1000)).await, said(200, "DONE"));
    let cancelled = told(provider.cancel(&key, &json!({"cancelReason": "rain"}))).await;
    assert_eq!(cancelled, said(500, "FAILED_REFUND_PROCESS"));
}

#[tokio::test]
async fn a_cut_connection_carries_not_one_byte() {
    let provider = Provider::open().await;
    let key = provider.stub.authenticate(ORDER, 1000).unwrap();
    provider.stub.fail_next(Fault::cut(Call::Confirm).after_effect());
    assert!(provider.confirm(&key, 1000).send().await.is_err());
    assert_eq!(provider.account(&key).captures, 1);
}

#[tokio::test]
async fn an_answer_given_twice_is_on_the_wire_twice() {
    let provider = Provider::open().await;
    provider.paid(1000).await;
    provider.stub.fail_next(Fault::twice(Call::Lookup));
    let mut wire = TcpStream::connect(provider.stub.url().strip_prefix("http://").unwrap()).await.unwrap();
    let head = "host: stub\r\nconnection: close\r\nauthorization: Basic dGVzdF9za19zdHViOg==\r\n\r\n";
    let request = format!("GET /v1/payments/orders/{ORDER} HTTP/1.1\r\n{head}");
    wire.write_all(request.as_bytes()).await.unwrap();
    let mut said_twice = String::new();
    wire.read_to_string(&mut said_twice).await.unwrap();
    let (first, second) = said_twice.split_at(said_twice.len() / 2);
    assert!(first.starts_with("HTTP/1.1 200 OK") && first.contains("\"DONE\""), "{said_twice}");
    assert_eq!(first, second);
}
