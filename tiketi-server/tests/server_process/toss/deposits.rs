//! Virtual accounts at a server: paid by a deposit, refunded to the buyer's account, not paid in time, withdrawn.

use serde_json::{Value, json};
use tiketi_server_harness::{Order, admin, text};
use tiketi_toss_stub::{Call, Fault, Method, Webhook};

use crate::toss::books;
use crate::toss::counter::{ACCOUNT, Counter, HOLDER};

const METHODS: &str = "--toss-methods=card,virtual-account";
const MINUTES_A_DAY: u64 = 24 * 60;

/// Chooses a virtual account for a seat, and returns the order and the answer to the confirm.
async fn confirmed(counter: &Counter, seat: usize) -> (Order, Value) {
    let (token, reservation) = counter.payment_client().hold(seat, 7).await;
    let order = counter.payment_client().prepare_by(Method::VirtualAccount, &token, &reservation).await;
    let (status, answer) = counter.payment_client().confirm(&order).await;
    assert_eq!((status, &answer["payment"]["status"]), (202, &json!("pending")), "{answer}");
    (order, answer)
}

async fn deliver(counter: &Counter, messages: &[Webhook]) {
    for message in messages {
        let status = counter.running().sender().webhook("toss", &message.id, &message.body).await;
        assert_eq!(status, 200, "{message:?}");
    }
}

/// Pays the deposit and delivers its webhook.
async fn deposited(counter: &Counter, seat: usize) -> Order {
    let (order, _) = confirmed(counter, seat).await;
    assert!(counter.stub.deposit(&order.id));
    deliver(counter, &counter.stub.webhooks()).await;
    counter.payment_client().wait_for_status(&order, "completed").await;
    order
}

fn wanted_back(account: &Value) -> Value {
    json!({"cancelReason": "rain", "refundReceiveAccount": account})
}

fn account() -> Value {
    json!({"bank": "88", "accountNumber": ACCOUNT, "holderName": HOLDER})
}

async fn cancel(counter: &Counter, order: &Order, body: &Value) -> (u16, Value) {
    let path = format!("/api/payments/{}/cancel", order.key);
    counter.running().post(&path, Some(&order.token), body).await
}

#[tokio::test]
async fn a_buyer_gets_account_and_due_time_and_the_seat_with_the_deposit() {
    let counter = Counter::with(&[METHODS]).await;
    let (_, listed) = counter.running().get("/api/payments/methods", None).await;
    let ids: Vec<_> = listed["methods"].as_array().unwrap().iter().map(|method| &method["id"]).collect();
    assert_eq!(ids, ["toss_card", "toss_virtual_account"]);
    let (order, answer) = confirmed(&counter, 0).await;
    let deposit = &answer["payment"]["deposit"];
    assert_eq!((&deposit["bankCode"], &deposit["accountNumber"]), (&json!("20"), &json!("X0000000000001")));
    assert!(deposit["dueAt"].is_string(), "{deposit}");
    let (status, again) = counter.payment_client().confirm(&order).await;
    assert_eq!((status, &again["payment"]), (202, &answer["payment"]), "{again}");
    // Hours later the deposit is still awaited.
    counter.pass(5 * 60);
    counter.until_asked(Call::Lookup, 1).await;
    assert_eq!(counter.needing_attention().await, []);
    assert_eq!(counter.payment_client().reservation_status(&order).await, "pending");

    assert!(counter.stub.deposit(&order.id));
    deliver(&counter, &counter.stub.webhooks()).await;
    counter.payment_client().wait_for_status(&order, "completed").await;
    assert_eq!(counter.payment_client().reservation_status(&order).await, "confirmed");
    assert_eq!(counter.payment_client().payment(&order).await["deposit"], Value::Null);
    counter.close().await;
}

#[tokio::test]
async fn a_restarted_server_finds_a_deposit_without_a_webhook() {
    let mut counter = Counter::with(&[METHODS]).await;
    let (token, reservation) = counter.payment_client().hold(0, 7).await;
    let order = counter.payment_client().prepare_by(Method::VirtualAccount, &token, &reservation).await;
    counter.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    tokio::spawn(counter.payment_client().send_confirm(&order));
    counter.until_asked(Call::Confirm, 1).await;
    counter.crash().await;
    counter.pass(1);
    counter.until_asked(Call::Lookup, 1).await;
    assert!(counter.stub.deposit(&order.id));
    counter.pass(10);
    counter.payment_client().wait_for_status(&order, "completed").await;
    counter.stub.release_hanging();
    counter.close().await;
}

/// Fails if `ReconcileStep::Deposit` treats the money of a paid payment as withdrawn.
#[tokio::test]
async fn a_confirm_answered_after_the_deposit_decides_nothing() {
    let counter = Counter::with(&[METHODS]).await;
    let (token, reservation) = counter.payment_client().hold(0, 7).await;
    let order = counter.payment_client().prepare_by(Method::VirtualAccount, &token, &reservation).await;
    counter.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    let confirming = tokio::spawn(counter.payment_client().send_confirm(&order));
    counter.until_asked(Call::Confirm, 1).await;
    assert!(counter.stub.deposit(&order.id));
    deliver(&counter, &counter.stub.webhooks()).await;
    counter.payment_client().wait_for_status(&order, "completed").await;
    counter.stub.release_hanging();
    let (status, answer) = confirming.await.unwrap().unwrap();
    assert!(matches!(status, 200 | 202), "{answer}");
    counter.close().await;
}

/// Fails if `proves` returns true for any secret.
#[tokio::test]
async fn a_deposit_webhook_is_accepted_only_with_its_secret_in_any_order() {
    let counter = Counter::with(&[METHODS]).await;
    let (order, _) = confirmed(&counter, 0).await;
    assert!(counter.stub.deposit(&order.id));
    let told = counter.stub.webhooks();
    let proof = told.iter().find(|message| message.body["secret"].is_string()).unwrap();
    for wrong in [json!("ps_wrong"), json!("")] {
        let mut forged = proof.body.clone();
        forged["secret"] = wrong;
        let status = counter.running().sender().webhook("toss", "forged", &forged).await;
        assert_eq!(status, 403);
    }
    assert_eq!(counter.payment_client().payment_status(&order).await, "pending", "nobody has been asked");
    assert_eq!(counter.payment_client().reservation_status(&order).await, "pending");
    let backwards: Vec<_> = told.iter().rev().cloned().collect();
    for messages in [&backwards, &told, &backwards] {
        deliver(&counter, messages).await;
    }
    counter.payment_client().wait_for_status(&order, "completed").await;
    counter.close().await;
}

#[tokio::test]
async fn a_missed_due_time_without_a_webhook_frees_the_seat() {
    let counter = Counter::with(&[METHODS]).await;
    let (order, _) = confirmed(&counter, 0).await;
    books::let_holds_lapse(&counter.path);
    counter.pass(MINUTES_A_DAY);
    counter.payment_client().wait_for_status(&order, "failed").await;
    assert_eq!(counter.payment_client().payment(&order).await["failureCode"], "EXPIRED");
    let (token, reservation) = counter.payment_client().hold(0, 8).await;
    let next = counter.payment_client().prepare_by(Method::Card, &token, &reservation).await;
    assert_eq!(counter.payment_client().confirm(&next).await.0, 200);
    counter.close().await;
}

#[tokio::test]
async fn a_shop_waits_no_longer_than_it_says_and_closes_the_account() {
    let counter = Counter::with(&[METHODS, "--deposit-window=2h"]).await;
    let (order, _) = confirmed(&counter, 0).await;
    books::let_holds_lapse(&counter.path);
    counter.pass(119);
    counter.until_asked(Call::Lookup, 1).await;
    assert_eq!(counter.payment_client().payment_status(&order).await, "pending");
    counter.stub.fail_next(Fault::code(Call::Cancel, "FAILED_METHOD_HANDLING_CANCEL"));
    counter.pass(10);
    counter.until_asked(Call::Cancel, 1).await;
    assert_eq!(
        counter.payment_client().reservation_status(&order).await,
        "pending",
        "the account may be open"
    );
    counter.pass(10);
    counter.payment_client().wait_for_status(&order, "failed").await;
    assert!(!counter.stub.deposit(&order.id), "the account is closed");
    assert_eq!(counter.payment_client().payment(&order).await["failureCode"], "DEPOSIT_OVERDUE");
    let (token, reservation) = counter.payment_client().hold(0, 8).await;
    let next = counter.payment_client().prepare_by(Method::Card, &token, &reservation).await;
    assert_eq!(counter.payment_client().confirm(&next).await.0, 200);
    counter.close().await;
}

#[tokio::test]
async fn giving_a_deposit_up_closes_the_account_and_frees_the_seat() {
    let counter = Counter::with(&[METHODS]).await;
    let (order, _) = confirmed(&counter, 0).await;
    let path = format!("/api/reservations/{}/cancel", order.reservation);
    let (status, ended) = counter.running().post(&path, Some(&order.token), &json!({})).await;
    assert_eq!((status, &ended["reservation"]["status"]), (200, &json!("cancelled")), "{ended}");
    assert_eq!(counter.payment_client().payment(&order).await["failureCode"], "DEPOSIT_GIVEN_UP");
    assert!(!counter.stub.deposit(&order.id), "the account is closed");
    counter.payment_client().buy(0).await;
    counter.close().await;
}

#[tokio::test]
async fn a_late_deposit_takes_its_seat_again_or_is_refunded_to_a_named_account() {
    let counter = Counter::with(&[METHODS]).await;
    let (lucky, _) = confirmed(&counter, 0).await;
    let (unlucky, _) = confirmed(&counter, 1).await;
    books::let_holds_lapse(&counter.path);
    counter.pass(MINUTES_A_DAY);
    for order in [&lucky, &unlucky] {
        counter.payment_client().wait_for_status(order, "failed").await;
    }
    let (token, reservation) = counter.payment_client().hold(1, 8).await;
    let next = counter.payment_client().prepare_by(Method::Card, &token, &reservation).await;
    assert_eq!(counter.payment_client().confirm(&next).await.0, 200);
    let before = counter.stub.webhooks().len();
    for order in [&lucky, &unlucky] {
        assert!(counter.stub.deposit_late(&order.id));
    }
    deliver(&counter, &counter.stub.webhooks()[before..]).await;
    counter.payment_client().wait_for_status(&lucky, "completed").await;
    assert_eq!(counter.payment_client().reservation_status(&lucky).await, "confirmed");
    counter.until_needing_attention(&[(&unlucky.id, "refund_refused")]).await;

    let path = format!("/api/admin/payments/{}/refund", unlucky.id);
    let bare = counter.running().post(&path, Some(&admin()), &json!({"cancelReason": "late"})).await;
    assert_eq!((bare.0, &bare.1["code"]), (422, &json!("REFUND_ACCOUNT_NEEDED")), "{bare:?}");
    counter.pass(1);
    let (status, refunded) = counter.running().post(&path, Some(&admin()), &wanted_back(&account())).await;
    assert_eq!((status, &refunded["payment"]["status"]), (200, &json!("refunded")), "{refunded}");
    assert_eq!(counter.needing_attention().await, []);
    counter.close().await;
}

#[tokio::test]
async fn a_withdrawn_deposit_is_listed_and_stays_sold_until_it_is_back() {
    let counter = Counter::with(&[METHODS]).await;
    let order = deposited(&counter, 0).await;
    let before = counter.stub.webhooks().len();
    assert!(counter.stub.take_deposit_back(&order.id));
    deliver(&counter, &counter.stub.webhooks()[before..]).await;
    counter.until_needing_attention(&[(&order.id, "deposit_withdrawn")]).await;
    assert_eq!(
        counter.payment_client().payment_status(&order).await,
        "completed",
        "a terminal state never regresses"
    );
    assert_eq!(counter.payment_client().reservation_status(&order).await, "confirmed");
    // A repeated delivery of the first webhooks changes nothing.
    deliver(&counter, &counter.stub.webhooks()[..before]).await;
    counter.pass(1);
    assert_eq!(counter.needing_attention().await.len(), 1);
    assert!(counter.stub.deposit(&order.id));
    counter.pass(10);
    counter.until_needing_attention(&[]).await;
    counter.close().await;
}

#[tokio::test]
async fn a_deposit_is_refunded_to_the_buyers_account_which_is_not_logged() {
    let counter = Counter::with(&[METHODS]).await;
    let order = deposited(&counter, 0).await;
    let (status, refused) = cancel(&counter, &order, &json!({"cancelReason": "rain"})).await;
    assert_eq!((status, &refused["code"]), (422, &json!("REFUND_ACCOUNT_NEEDED")), "{refused}");
    let path = format!("/api/reservations/{}/cancel", order.reservation);
    let (status, refused) = counter.running().post(&path, Some(&order.token), &json!({})).await;
    assert_eq!((status, &refused["code"]), (422, &json!("REFUND_ACCOUNT_NEEDED")), "{refused}");
    let dashes = json!({"bank": "88", "accountNumber": format!("{ACCOUNT}-1"), "holderName": HOLDER});
    let number =
        json!({"bank": "88", "accountNumber": ACCOUNT.parse::<u64>().unwrap(), "holderName": HOLDER});
    for (wrong, field) in
        [(dashes, "refundReceiveAccount.accountNumber"), (number, "refundReceiveAccount.accountNumber")]
    {
        let (status, refused) = cancel(&counter, &order, &wanted_back(&wrong)).await;
        assert_eq!((status, text(&refused["details"]["field"])), (422, field.to_owned()), "{refused}");
    }
    let (status, refunded) = cancel(&counter, &order, &wanted_back(&account())).await;
    assert_eq!((status, &refunded["payment"]["status"]), (200, &json!("refunded")), "{refunded}");
    assert!(!refunded.to_string().contains(ACCOUNT), "{refunded}");
    assert_eq!(counter.stub.ledger()[&order.key].refunded_to, [ACCOUNT]);
    assert_eq!(counter.payment_client().reservation_status(&order).await, "cancelled");
    counter.close().await;
}

#[tokio::test]
async fn a_call_off_waits_for_the_accounts_that_deposits_are_refunded_to() {
    let counter = Counter::with(&[METHODS]).await;
    let paid = deposited(&counter, 0).await;
    let (unpaid, _) = confirmed(&counter, 1).await;
    let path = format!("/api/admin/events/{}/cancel", counter.shop.event);
    let (status, cancelled) = counter.running().post(&path, Some(&admin()), &json!({})).await;
    assert_eq!(status, 200, "{cancelled}");
    counter.pass(1);
    counter.payment_client().wait_for_status(&unpaid, "failed").await;
    assert!(!counter.stub.deposit(&unpaid.id), "the account is closed");
    counter.until_needing_attention(&[(&paid.id, "refund_refused")]).await;
    assert_eq!(counter.payment_client().reservation_status(&paid).await, "confirmed");
    let (status, refunded) = cancel(&counter, &paid, &wanted_back(&account())).await;
    assert_eq!((status, &refunded["payment"]["status"]), (200, &json!("refunded")), "{refunded}");
    assert_eq!(counter.needing_attention().await, []);
    assert_eq!(counter.payment_client().reservation_status(&paid).await, "cancelled");
    counter.close().await;
}

/// The queued refund is committed together with its account, so that any server can send it.
#[tokio::test]
async fn killed_while_a_deposit_is_sent_back_it_still_goes_to_its_account() {
    let mut counter = Counter::with(&[METHODS]).await;
    let order = deposited(&counter, 0).await;
    counter.stub.fail_next(Fault::hang(Call::Cancel));
    let path = format!("/api/payments/{}/cancel", order.key);
    let body = wanted_back(&account());
    tokio::spawn(counter.running().sender().post(&path, &order.token, &body));
    counter.until_asked(Call::Cancel, 1).await;
    counter.crash().await;
    counter.stub.release_hanging();
    counter.pass(1);
    counter.payment_client().wait_for_status(&order, "refunded").await;
    assert_eq!(counter.stub.ledger()[&order.key].refunded_to, [ACCOUNT]);
    counter.close().await;
}
