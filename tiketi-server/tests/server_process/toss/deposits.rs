//! Virtual accounts at a server: paid by a deposit, refunded to the buyer's account, not paid in time, withdrawn.

use serde_json::{Value, json};
use tiketi_server_harness::{Order, admin, text};
use tiketi_toss_stub::{Call, Fault, Method, Webhook};

use crate::toss::payment_rows;
use crate::toss::toss_shop::{ACCOUNT, HOLDER, TossShop};

const METHODS: &str = "--toss-methods=card,virtual-account";
const MINUTES_A_DAY: u64 = 24 * 60;

/// Chooses a virtual account for a seat, and returns the order and the answer to the confirm.
async fn confirmed(toss_shop: &TossShop, seat: usize) -> (Order, Value) {
    let (token, reservation) = toss_shop.payment_client().hold(seat, 7).await;
    let order = toss_shop.payment_client().prepare_by(Method::VirtualAccount, &token, &reservation).await;
    let (status, answer) = toss_shop.payment_client().confirm(&order).await;
    assert_eq!((status, &answer["payment"]["status"]), (202, &json!("pending")), "{answer}");
    (order, answer)
}

async fn deliver(toss_shop: &TossShop, messages: &[Webhook]) {
    for message in messages {
        let status = toss_shop.running().sender().webhook("toss", &message.id, &message.body).await;
        assert_eq!(status, 200, "{message:?}");
    }
}

/// Pays the deposit and delivers its webhook.
async fn deposited(toss_shop: &TossShop, seat: usize) -> Order {
    let (order, _) = confirmed(toss_shop, seat).await;
    assert!(toss_shop.stub.deposit(&order.id));
    deliver(toss_shop, &toss_shop.stub.webhooks()).await;
    toss_shop.payment_client().wait_for_status(&order, "completed").await;
    order
}

fn wanted_back(account: &Value) -> Value {
    json!({"cancelReason": "rain", "refundReceiveAccount": account})
}

fn account() -> Value {
    json!({"bank": "88", "accountNumber": ACCOUNT, "holderName": HOLDER})
}

async fn cancel(toss_shop: &TossShop, order: &Order, body: &Value) -> (u16, Value) {
    let path = format!("/api/payments/{}/cancel", order.key);
    toss_shop.running().post(&path, Some(&order.token), body).await
}

#[tokio::test]
async fn a_buyer_gets_account_and_due_time_and_the_seat_with_the_deposit() {
    let toss_shop = TossShop::with(&[METHODS]).await;
    let (_, listed) = toss_shop.running().get("/api/payments/methods", None).await;
    let ids: Vec<_> = listed["methods"].as_array().unwrap().iter().map(|method| &method["id"]).collect();
    assert_eq!(ids, ["toss_card", "toss_virtual_account"]);
    let (order, answer) = confirmed(&toss_shop, 0).await;
    let deposit = &answer["payment"]["deposit"];
    assert_eq!((&deposit["bankCode"], &deposit["accountNumber"]), (&json!("20"), &json!("X0000000000001")));
    assert!(deposit["dueAt"].is_string(), "{deposit}");
    let (status, again) = toss_shop.payment_client().confirm(&order).await;
    assert_eq!((status, &again["payment"]), (202, &answer["payment"]), "{again}");
    // Hours later the deposit is still awaited.
    toss_shop.pass(5 * 60);
    toss_shop.until_asked(Call::Lookup, 1).await;
    assert_eq!(toss_shop.needing_attention().await, []);
    assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "pending");

    assert!(toss_shop.stub.deposit(&order.id));
    deliver(&toss_shop, &toss_shop.stub.webhooks()).await;
    toss_shop.payment_client().wait_for_status(&order, "completed").await;
    assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "confirmed");
    assert_eq!(toss_shop.payment_client().payment(&order).await["deposit"], Value::Null);
    toss_shop.close().await;
}

#[tokio::test]
async fn a_restarted_server_finds_a_deposit_without_a_webhook() {
    let mut toss_shop = TossShop::with(&[METHODS]).await;
    let (token, reservation) = toss_shop.payment_client().hold(0, 7).await;
    let order = toss_shop.payment_client().prepare_by(Method::VirtualAccount, &token, &reservation).await;
    toss_shop.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    tokio::spawn(toss_shop.payment_client().send_confirm(&order));
    toss_shop.until_asked(Call::Confirm, 1).await;
    toss_shop.crash().await;
    toss_shop.pass(1);
    toss_shop.until_asked(Call::Lookup, 1).await;
    assert!(toss_shop.stub.deposit(&order.id));
    toss_shop.pass(10);
    toss_shop.payment_client().wait_for_status(&order, "completed").await;
    toss_shop.stub.release_hanging();
    toss_shop.close().await;
}

/// Fails if `ReconcileStep::Deposit` treats the money of a paid payment as withdrawn.
#[tokio::test]
async fn a_confirm_answered_after_the_deposit_decides_nothing() {
    let toss_shop = TossShop::with(&[METHODS]).await;
    let (token, reservation) = toss_shop.payment_client().hold(0, 7).await;
    let order = toss_shop.payment_client().prepare_by(Method::VirtualAccount, &token, &reservation).await;
    toss_shop.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    let confirming = tokio::spawn(toss_shop.payment_client().send_confirm(&order));
    toss_shop.until_asked(Call::Confirm, 1).await;
    assert!(toss_shop.stub.deposit(&order.id));
    deliver(&toss_shop, &toss_shop.stub.webhooks()).await;
    toss_shop.payment_client().wait_for_status(&order, "completed").await;
    toss_shop.stub.release_hanging();
    let (status, answer) = confirming.await.unwrap().unwrap();
    assert!(matches!(status, 200 | 202), "{answer}");
    toss_shop.close().await;
}

/// Fails if `is_proven` accepts any secret.
#[tokio::test]
async fn a_deposit_webhook_is_accepted_only_with_its_secret_in_any_order() {
    let toss_shop = TossShop::with(&[METHODS]).await;
    let (order, _) = confirmed(&toss_shop, 0).await;
    assert!(toss_shop.stub.deposit(&order.id));
    let told = toss_shop.stub.webhooks();
    let proof = told.iter().find(|message| message.body["secret"].is_string()).unwrap();
    let asked = toss_shop.stub.asked(Call::Lookup);
    let mut forged = proof.body.clone();
    for number in 0..100 {
        forged["secret"] = if number == 0 { json!("") } else { json!(format!("ps_wrong_{number}")) };
        let status = toss_shop.running().sender().webhook("toss", "forged", &forged).await;
        assert_eq!(status, 403);
    }
    assert_eq!(toss_shop.stub.asked(Call::Lookup), asked, "a forged secret costs no question");
    assert_eq!(toss_shop.payment_client().payment_status(&order).await, "pending", "nobody has been asked");
    assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "pending");
    let backwards: Vec<_> = told.iter().rev().cloned().collect();
    for messages in [&backwards, &told, &backwards] {
        deliver(&toss_shop, messages).await;
    }
    toss_shop.payment_client().wait_for_status(&order, "completed").await;
    toss_shop.close().await;
}

#[tokio::test]
async fn a_missed_due_time_without_a_webhook_frees_the_seat() {
    let toss_shop = TossShop::with(&[METHODS]).await;
    let (order, _) = confirmed(&toss_shop, 0).await;
    payment_rows::let_holds_lapse(&toss_shop.path);
    toss_shop.pass(MINUTES_A_DAY);
    toss_shop.payment_client().wait_for_status(&order, "failed").await;
    assert_eq!(toss_shop.payment_client().payment(&order).await["failureCode"], "EXPIRED");
    let (token, reservation) = toss_shop.payment_client().hold(0, 8).await;
    let next = toss_shop.payment_client().prepare_by(Method::Card, &token, &reservation).await;
    assert_eq!(toss_shop.payment_client().confirm(&next).await.0, 200);
    toss_shop.close().await;
}

#[tokio::test]
async fn a_shop_waits_no_longer_than_it_says_and_closes_the_account() {
    let toss_shop = TossShop::with(&[METHODS, "--deposit-window=2h"]).await;
    let (order, _) = confirmed(&toss_shop, 0).await;
    payment_rows::let_holds_lapse(&toss_shop.path);
    toss_shop.pass(119);
    toss_shop.until_asked(Call::Lookup, 1).await;
    assert_eq!(toss_shop.payment_client().payment_status(&order).await, "pending");
    toss_shop.stub.fail_next(Fault::code(Call::Cancel, "FAILED_METHOD_HANDLING_CANCEL"));
    toss_shop.pass(10);
    toss_shop.until_asked(Call::Cancel, 1).await;
    assert_eq!(
        toss_shop.payment_client().reservation_status(&order).await,
        "pending",
        "the account may be open"
    );
    toss_shop.pass(10);
    toss_shop.payment_client().wait_for_status(&order, "failed").await;
    assert!(!toss_shop.stub.deposit(&order.id), "the account is closed");
    assert_eq!(toss_shop.payment_client().payment(&order).await["failureCode"], "DEPOSIT_OVERDUE");
    let (token, reservation) = toss_shop.payment_client().hold(0, 8).await;
    let next = toss_shop.payment_client().prepare_by(Method::Card, &token, &reservation).await;
    assert_eq!(toss_shop.payment_client().confirm(&next).await.0, 200);
    toss_shop.close().await;
}

#[tokio::test]
async fn giving_a_deposit_up_closes_the_account_and_frees_the_seat() {
    let toss_shop = TossShop::with(&[METHODS]).await;
    let (order, _) = confirmed(&toss_shop, 0).await;
    let path = format!("/api/reservations/{}/cancel", order.reservation);
    let (status, ended) = toss_shop.running().post(&path, Some(&order.token), &json!({})).await;
    assert_eq!((status, &ended["reservation"]["status"]), (200, &json!("cancelled")), "{ended}");
    assert_eq!(toss_shop.payment_client().payment(&order).await["failureCode"], "DEPOSIT_GIVEN_UP");
    assert!(!toss_shop.stub.deposit(&order.id), "the account is closed");
    toss_shop.payment_client().buy(0).await;
    toss_shop.close().await;
}

#[tokio::test]
async fn a_late_deposit_takes_its_seat_again_or_is_refunded_to_a_named_account() {
    let toss_shop = TossShop::with(&[METHODS]).await;
    let (lucky, _) = confirmed(&toss_shop, 0).await;
    let (unlucky, _) = confirmed(&toss_shop, 1).await;
    payment_rows::let_holds_lapse(&toss_shop.path);
    toss_shop.pass(MINUTES_A_DAY);
    for order in [&lucky, &unlucky] {
        toss_shop.payment_client().wait_for_status(order, "failed").await;
    }
    let (token, reservation) = toss_shop.payment_client().hold(1, 8).await;
    let next = toss_shop.payment_client().prepare_by(Method::Card, &token, &reservation).await;
    assert_eq!(toss_shop.payment_client().confirm(&next).await.0, 200);
    let before = toss_shop.stub.webhooks().len();
    for order in [&lucky, &unlucky] {
        assert!(toss_shop.stub.deposit_late(&order.id));
    }
    deliver(&toss_shop, &toss_shop.stub.webhooks()[before..]).await;
    toss_shop.payment_client().wait_for_status(&lucky, "completed").await;
    assert_eq!(toss_shop.payment_client().reservation_status(&lucky).await, "confirmed");
    toss_shop.until_needing_attention(&[(&unlucky.id, "refund_refused")]).await;

    let path = format!("/api/admin/payments/{}/refund", unlucky.id);
    let bare = toss_shop.running().post(&path, Some(&admin()), &json!({"cancelReason": "late"})).await;
    assert_eq!((bare.0, &bare.1["code"]), (422, &json!("REFUND_ACCOUNT_NEEDED")), "{bare:?}");
    toss_shop.pass(1);
    let (status, refunded) = toss_shop.running().post(&path, Some(&admin()), &wanted_back(&account())).await;
    assert_eq!((status, &refunded["payment"]["status"]), (200, &json!("refunded")), "{refunded}");
    assert_eq!(toss_shop.needing_attention().await, []);
    toss_shop.close().await;
}

#[tokio::test]
async fn a_withdrawn_deposit_is_listed_and_stays_sold_until_it_is_back() {
    let toss_shop = TossShop::with(&[METHODS]).await;
    let order = deposited(&toss_shop, 0).await;
    let before = toss_shop.stub.webhooks().len();
    assert!(toss_shop.stub.withdraw_deposit(&order.id));
    deliver(&toss_shop, &toss_shop.stub.webhooks()[before..]).await;
    toss_shop.until_needing_attention(&[(&order.id, "deposit_withdrawn")]).await;
    assert_eq!(
        toss_shop.payment_client().payment_status(&order).await,
        "completed",
        "a terminal state never regresses"
    );
    assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "confirmed");
    // A repeated delivery of the first webhooks changes nothing.
    deliver(&toss_shop, &toss_shop.stub.webhooks()[..before]).await;
    toss_shop.pass(1);
    assert_eq!(toss_shop.needing_attention().await.len(), 1);
    assert!(toss_shop.stub.deposit(&order.id));
    toss_shop.pass(10);
    toss_shop.until_needing_attention(&[]).await;
    toss_shop.close().await;
}

#[tokio::test]
async fn a_deposit_is_refunded_to_the_buyers_account_which_is_not_logged() {
    let toss_shop = TossShop::with(&[METHODS]).await;
    let order = deposited(&toss_shop, 0).await;
    let (status, refused) = cancel(&toss_shop, &order, &json!({"cancelReason": "rain"})).await;
    assert_eq!((status, &refused["code"]), (422, &json!("REFUND_ACCOUNT_NEEDED")), "{refused}");
    let path = format!("/api/reservations/{}/cancel", order.reservation);
    let (status, refused) = toss_shop.running().post(&path, Some(&order.token), &json!({})).await;
    assert_eq!((status, &refused["code"]), (422, &json!("REFUND_ACCOUNT_NEEDED")), "{refused}");
    let dashes = json!({"bank": "88", "accountNumber": format!("{ACCOUNT}-1"), "holderName": HOLDER});
    let number =
        json!({"bank": "88", "accountNumber": ACCOUNT.parse::<u64>().unwrap(), "holderName": HOLDER});
    for (wrong, field) in
        [(dashes, "refundReceiveAccount.accountNumber"), (number, "refundReceiveAccount.accountNumber")]
    {
        let (status, refused) = cancel(&toss_shop, &order, &wanted_back(&wrong)).await;
        assert_eq!((status, text(&refused["details"]["field"])), (422, field.to_owned()), "{refused}");
    }
    let (status, refunded) = cancel(&toss_shop, &order, &wanted_back(&account())).await;
    assert_eq!((status, &refunded["payment"]["status"]), (200, &json!("refunded")), "{refunded}");
    assert!(!refunded.to_string().contains(ACCOUNT), "{refunded}");
    assert_eq!(toss_shop.stub.ledger()[&order.key].refunded_to, [ACCOUNT]);
    assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "cancelled");
    toss_shop.close().await;
}

#[tokio::test]
async fn a_call_off_waits_for_the_accounts_that_deposits_are_refunded_to() {
    let toss_shop = TossShop::with(&[METHODS]).await;
    let paid = deposited(&toss_shop, 0).await;
    let (unpaid, _) = confirmed(&toss_shop, 1).await;
    let path = format!("/api/admin/events/{}/cancel", toss_shop.shop.event);
    let (status, cancelled) = toss_shop.running().post(&path, Some(&admin()), &json!({})).await;
    assert_eq!(status, 200, "{cancelled}");
    toss_shop.pass(1);
    toss_shop.payment_client().wait_for_status(&unpaid, "failed").await;
    assert!(!toss_shop.stub.deposit(&unpaid.id), "the account is closed");
    toss_shop.until_needing_attention(&[(&paid.id, "refund_refused")]).await;
    assert_eq!(toss_shop.payment_client().reservation_status(&paid).await, "confirmed");
    let (status, refunded) = cancel(&toss_shop, &paid, &wanted_back(&account())).await;
    assert_eq!((status, &refunded["payment"]["status"]), (200, &json!("refunded")), "{refunded}");
    assert_eq!(toss_shop.needing_attention().await, []);
    assert_eq!(toss_shop.payment_client().reservation_status(&paid).await, "cancelled");
    toss_shop.close().await;
}

/// The queued refund is committed together with its account, so that any server can send it.
#[tokio::test]
async fn killed_while_a_deposit_is_sent_back_it_still_goes_to_its_account() {
    let mut toss_shop = TossShop::with(&[METHODS]).await;
    let order = deposited(&toss_shop, 0).await;
    toss_shop.stub.fail_next(Fault::hang(Call::Cancel));
    let path = format!("/api/payments/{}/cancel", order.key);
    let body = wanted_back(&account());
    tokio::spawn(toss_shop.running().sender().post(&path, &order.token, &body));
    toss_shop.until_asked(Call::Cancel, 1).await;
    toss_shop.crash().await;
    toss_shop.stub.release_hanging();
    toss_shop.pass(1);
    toss_shop.payment_client().wait_for_status(&order, "refunded").await;
    assert_eq!(toss_shop.stub.ledger()[&order.key].refunded_to, [ACCOUNT]);
    toss_shop.close().await;
}
