//! Sales without faults, and sales with faults of the provider.

use serde_json::json;
use tiketi_server_harness::{TOSS_CLIENT, TOSS_SECRET, finish, run, server};
use tiketi_toss_stub::{Call, Fault};

use crate::toss::toss_shop::TossShop;

#[tokio::test]
async fn buyers_of_a_shop_with_toss_pay_there_and_nowhere_else() {
    let toss_shop = TossShop::open().await;
    let (_, listed) = toss_shop.running().get("/api/payments/methods", None).await;
    let ids: Vec<_> = listed["methods"].as_array().unwrap().iter().map(|method| &method["id"]).collect();
    assert_eq!(ids, ["toss_card", "toss_transfer"]);
    let order = toss_shop.payment_client().buy(0).await;
    let (status, again) = toss_shop.payment_client().confirm(&order).await;
    assert_eq!((status, &again["payment"]["status"]), (200, &json!("completed")));
    assert_eq!(toss_shop.stub.asked(Call::Confirm), 1);
    toss_shop.close().await;
}

#[tokio::test]
async fn a_declined_card_is_402_and_the_next_one_pays() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    toss_shop.stub.fail_next(Fault::code(Call::Confirm, "REJECT_CARD_COMPANY"));
    let (status, refused) = toss_shop.payment_client().confirm(&order).await;
    assert_eq!((status, &refused["code"]), (402, &json!("PAYMENT_DECLINED")), "{refused}");
    assert_eq!(refused["details"]["providerCode"], "REJECT_CARD_COMPANY");
    let second = toss_shop.payment_client().prepare_again(&order.token, &order.reservation).await;
    assert_eq!(toss_shop.payment_client().confirm(&second).await.0, 200);
    toss_shop.close().await;
}

#[tokio::test]
async fn an_answer_that_was_cut_is_looked_up_at_once() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    toss_shop.stub.fail_next(Fault::cut(Call::Confirm).after_effect());
    let (status, paid) = toss_shop.payment_client().confirm(&order).await;
    assert_eq!((status, &paid["payment"]["status"]), (200, &json!("completed")), "{paid}");
    toss_shop.close().await;
}

#[tokio::test]
async fn a_provider_that_stops_answering_is_202_and_asked_until_it_answers() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    toss_shop.stub.fail_next(Fault::cut(Call::Confirm).after_effect());
    toss_shop.stub.fail_next(Fault::unreadable(Call::Lookup, 502));
    let (status, open) = toss_shop.payment_client().confirm(&order).await;
    assert_eq!((status, &open["payment"]["status"]), (202, &json!("pending")), "{open}");
    toss_shop.pass(1);
    toss_shop.payment_client().wait_for_status(&order, "completed").await;
    assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "confirmed");
    toss_shop.close().await;
}

/// The provider does not answer for ten minutes: the confirm hangs, and its outcome stays unknown. Other buyers buy
/// meanwhile.
#[tokio::test]
async fn a_provider_without_answers_for_ten_minutes_delays_no_other_sale() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    toss_shop.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    let (status, open) = toss_shop.payment_client().confirm(&order).await;
    assert_eq!((status, &open["payment"]["status"]), (202, &json!("pending")), "{open}");
    for (times, minutes) in [(1, 1), (2, 2), (3, 7)] {
        toss_shop.stub.fail_next(Fault::unreadable(Call::Lookup, 503));
        toss_shop.pass(minutes);
        toss_shop.until_asked(Call::Lookup, times).await;
        assert_eq!(toss_shop.payment_client().payment_status(&order).await, "pending");
    }
    toss_shop.payment_client().buy(1).await;
    toss_shop.pass(10);
    toss_shop.payment_client().wait_for_status(&order, "completed").await;
    toss_shop.stub.release_hanging();
    toss_shop.close().await;
}

#[tokio::test]
async fn an_order_that_never_reached_the_provider_gives_the_buyer_another_try() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    // The payment key is valid, but the confirm never reaches the provider.
    toss_shop.stub.fail_next(Fault::cut(Call::Confirm));
    assert_eq!(toss_shop.payment_client().confirm(&order).await.0, 202);
    toss_shop.pass(11);
    toss_shop.payment_client().wait_for_status(&order, "failed").await;
    let second = toss_shop.payment_client().prepare_again(&order.token, &order.reservation).await;
    assert_eq!(toss_shop.payment_client().confirm(&second).await.0, 200);
    toss_shop.close().await;
}

/// Fails if the intent is committed under the default terms, which ask again after a minute.
#[tokio::test]
async fn short_pauses_reconcile_and_list_a_payment_sooner() {
    let patience = ["--ask-again-after=1s", "--ask-again-at-most=1s", "--trouble-after=1s"];
    let toss_shop =
        TossShop::with(&[&patience[..], &["--sweep-every=100ms", "--reconcilers=1"]].concat()).await;
    let order = toss_shop.payment_client().prepare(0).await;
    toss_shop.stub.fail_next(Fault::cut(Call::Confirm));
    assert_eq!(toss_shop.payment_client().confirm(&order).await.0, 202);
    toss_shop.until_needing_attention(&[(&order.id, "unknown_for_long")]).await;
    // The confirm makes two lookups, and each reconciliation after it makes two.
    toss_shop.until_asked(Call::Lookup, 8).await;
    // The provider lets the authentication expire, and the next lookup finds this out.
    toss_shop.stub.advance(std::time::Duration::from_mins(10));
    toss_shop.payment_client().wait_for_status(&order, "failed").await;
    let second = toss_shop.payment_client().prepare_again(&order.token, &order.reservation).await;
    assert_eq!(toss_shop.payment_client().confirm(&second).await.0, 200);
    toss_shop.close().await;
}

#[tokio::test]
async fn check_asks_the_provider_whether_it_takes_the_key() {
    let toss_shop = TossShop::open().await;
    let url = toss_shop.stub.url();
    let check = |secret| {
        ["check", "--toss-base-url", &url, "--toss-client-key", TOSS_CLIENT, "--toss-secret-key", secret]
    };
    let said = run(&check(TOSS_SECRET)).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("accepts the secret key") && !said.out.contains("hush"), "{said:?}");
    let said = run(&check("test_sk_hush_another")).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("UNAUTHORIZED_KEY") && !said.out.contains("hush"), "{said:?}");
    let mut command = server(&["check"]);
    command.env("TIKETI_TOSS_SECRET_KEY", TOSS_SECRET).env("TIKETI_TOSS_CLIENT_KEY", TOSS_SECRET);
    let said = finish(command).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("every browser would receive") && !said.out.contains("hush"), "{said:?}");
}
