//! Webhooks: hints, and deposit callbacks with a proof.

use serde_json::{Value, json};
use tiketi_core::{
    PaymentGateway,
    gateway::{Hint, LookupAnswer, WebhookRefused, WebhookRequest},
    secret_digest::SecretDigest,
};
use tiketi_toss_stub::{Call, Method, Status, Webhook};

use crate::shop::{Order, TestShop, captured, payment_id};

const DELIVERY: &str = "TossPayments-Webhook-Transmission-Id";

fn delivered(id: &str, body: &Value) -> WebhookRequest {
    let headers =
        vec![("content-type".to_owned(), "application/json".to_owned()), (DELIVERY.into(), id.into())];
    WebhookRequest::new(headers, body.to_string().into_bytes())
}

async fn receive(shop: &TestShop, webhook: &Webhook) -> Result<Hint, WebhookRefused> {
    shop.gateway.webhook(delivered(&webhook.id, &webhook.body)).await
}

/// Pays a buyer's deposit, and returns the webhook about it.
async fn deposited(shop: &TestShop) -> (Order, Webhook) {
    let order = shop.order_by(Method::VirtualAccount, 1);
    shop.confirm(&order).await;
    assert!(shop.stub.deposit(&order.payment.to_string()));
    let told = shop.stub.webhooks().into_iter().find(|webhook| webhook.body.get("secret").is_some());
    (order, told.unwrap())
}

#[tokio::test]
async fn a_change_of_status_names_the_payment_and_its_delivery_each_time_alike() {
    let shop = TestShop::open().await;
    let order = shop.paid(1).await;
    let webhook = shop.stub.webhooks().pop().unwrap();
    for _ in 0..2 {
        let hint = receive(&shop, &webhook).await.unwrap();
        let delivery = webhook.id.clone();
        assert_eq!(hint, Hint::new(delivery, order.payment).provider_key(order.key.clone()));
    }
}

#[tokio::test]
async fn words_that_come_late_or_lie_lead_to_the_truth() {
    let shop = TestShop::open().await;
    let order = shop.paid(1).await;
    assert!(shop.stub.send_false_status(&order.payment.to_string(), Status::Aborted));
    for webhook in shop.stub.webhooks().iter().rev() {
        assert_eq!(receive(&shop, webhook).await.unwrap().payment, order.payment);
        assert_eq!(shop.lookup(&order).await, LookupAnswer::Paid(captured(&order)));
    }
}

#[tokio::test]
async fn a_decline_webhook_before_the_confirm_is_looked_up() {
    let shop = TestShop::open().await;
    let order = shop.order(1);
    assert!(shop.stub.abort(&order.payment.to_string(), "REJECT_CARD_COMPANY"));
    let webhook = shop.stub.webhooks().pop().unwrap();
    assert_eq!(receive(&shop, &webhook).await.unwrap().payment, order.payment);
    let declined = LookupAnswer::Declined { code: "REJECT_CARD_COMPANY".to_owned() };
    assert_eq!(shop.lookup(&order).await, declined);
}

/// Fails with a lookup for each webhook: a sender who knew an order id could cause any number of lookups.
#[tokio::test]
async fn a_deposit_proves_itself_with_the_payments_secret_without_a_lookup() {
    let shop = TestShop::open().await;
    let (order, told) = deposited(&shop).await;
    let LookupAnswer::Paid(_) = shop.lookup(&order).await else { panic!("the deposit came") };
    let asked = shop.stub.asked(Call::Lookup);
    let hint = receive(&shop, &told).await.unwrap();
    let right = told.body["secret"].as_str().unwrap();
    assert_eq!((hint.payment, hint.secret), (order.payment, SecretDigest::of(right)));
    let mut forged = told.body.clone();
    for wrong in [&right[..right.len() - 1], &format!("{right}0"), &right.to_uppercase()] {
        forged["secret"] = json!(wrong);
        let hint = shop.gateway.webhook(delivered(&told.id, &forged)).await.unwrap();
        assert!(hint.secret.is_some() && hint.secret != SecretDigest::of(right), "{wrong}");
    }
    forged["secret"] = json!("");
    assert_eq!(shop.gateway.webhook(delivered(&told.id, &forged)).await, Err(WebhookRefused::Forged));
    assert_eq!(shop.stub.asked(Call::Lookup), asked);
}

#[tokio::test]
async fn a_webhook_about_no_payment_of_ours_is_dropped_without_a_lookup() {
    let shop = TestShop::open().await;
    let about = |order: &str| json!({"eventType": "PAYMENT_STATUS_CHANGED", "data": {"orderId": order}});
    let in_capitals = "018F0000-0000-7000-8000-00000000ABCD";
    for body in [
        about("somebody-elses-order"),
        about(in_capitals),
        json!({"eventType": "PAYMENT_STATUS_CHANGED", "data": {}}),
        json!({"eventType": "PAYMENT_STATUS_CHANGED"}),
        json!({"eventType": "BILLING_DELETED", "data": {"orderId": payment_id(1).to_string()}}),
        json!({"secret": "ps_1", "orderId": "somebody-elses-order"}),
        json!({}),
    ] {
        assert_eq!(
            shop.gateway.webhook(delivered("1", &body)).await,
            Err(WebhookRefused::Irrelevant),
            "{body}"
        );
    }
    assert_eq!(shop.stub.asked(Call::Lookup), 0);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_without_its_content() {
    let shop = TestShop::open().await;
    let good = json!({"eventType": "PAYMENT_STATUS_CHANGED", "data": {"orderId": payment_id(1).to_string()}});
    let unnamed = WebhookRequest::new(Vec::new(), good.to_string().into_bytes());
    let empty = WebhookRequest::new(Vec::new(), Vec::new());
    for request in [unnamed, empty, delivered("1", &json!(["a secret"])), delivered("", &good)] {
        let Err(WebhookRefused::Malformed { reason }) = shop.gateway.webhook(request.clone()).await else {
            panic!("{request:?}")
        };
        assert!(!reason.contains("secret"), "{reason}");
    }
}

#[tokio::test]
async fn a_key_that_could_change_an_address_is_left_out_of_the_hint() {
    let shop = TestShop::open().await;
    let data = json!({"orderId": payment_id(1).to_string(), "paymentKey": "../orders/x"});
    let body = json!({"eventType": "PAYMENT_STATUS_CHANGED", "data": data});
    let hint = shop.gateway.webhook(delivered("1", &body)).await.unwrap();
    assert_eq!(hint.provider_key, None);
}
