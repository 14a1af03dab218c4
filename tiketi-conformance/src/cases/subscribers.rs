//! Subscribers: the facts, claims and failures of each are independent of the others.

use std::time::Duration;

use tiketi_core::{
    Fact, FactBody, Timestamp,
    fact::{FactKey, FactKind, FactKinds},
    notifier::SubscriberName,
    store::{Release, SubscriberStatus},
};

use crate::shop::{TestShop, auditor};

const LEASE: Duration = Duration::from_secs(30);
const MICROSECOND: Duration = Duration::from_micros(1);

fn named(name: &str) -> SubscriberName {
    SubscriberName::new(name).unwrap()
}

/// Registers a subscriber to every kind of fact.
async fn subscribed(shop: &TestShop, name: &str) -> SubscriberName {
    let subscriber = named(name);
    shop.subscribe(&subscriber, FactKinds::all()).await;
    subscriber
}

/// Claims facts, and returns each with the number of its failed deliveries.
async fn claim(shop: &TestShop, of: &SubscriberName) -> Vec<(Fact, u32)> {
    let claimed = shop.store().claim_outbox(of, shop.now(), LEASE, 100).await.unwrap();
    claimed.into_iter().map(|claimed| (claimed.fact, claimed.tries)).collect()
}

/// Returns every waiting fact, claimed or not, and acknowledges none.
async fn waiting(shop: &TestShop, of: &SubscriberName) -> Vec<Fact> {
    let claimed = shop.store().claim_outbox(of, Timestamp::FAR_FUTURE, Duration::ZERO, 100).await.unwrap();
    claimed.into_iter().map(|claimed| claimed.fact).collect()
}

fn keys(facts: &[(Fact, u32)]) -> Vec<FactKey> {
    facts.iter().map(|(fact, _)| fact.key()).collect()
}

async fn status(shop: &TestShop, of: &SubscriberName) -> Option<SubscriberStatus> {
    let all = shop.store().subscribers().await.unwrap();
    assert!(all.is_sorted_by_key(|it| &it.subscription.subscriber), "{all:?}");
    all.into_iter().find(|it| it.subscription.subscriber == *of)
}

/// Fails if a claim or an acknowledgement of one subscriber has an effect on another.
pub async fn each_subscriber_gets_each_fact_by_itself(shop: TestShop) {
    let hall = shop.hall().await;
    let (mail, webhook) = (subscribed(&shop, "mail").await, subscribed(&shop, "webhook").await);
    shop.held(&hall, shop.buyer(), &[0]).await;
    let of_mail = claim(&shop, &mail).await;
    assert!(!of_mail.is_empty());
    let of_webhook = claim(&shop, &webhook).await;
    assert_eq!(of_mail, of_webhook, "the same facts under the same ids");
    let store = shop.store();
    store.ack_outbox(&mail, &keys(&of_mail)).await.unwrap();
    let (until, again_at) = (shop.now().after(LEASE), shop.now());
    store.release_outbox(&webhook, &keys(&of_webhook), until, Release::Failed { again_at }).await.unwrap();
    assert_eq!(claim(&shop, &mail).await, []);
    let again = claim(&shop, &webhook).await;
    assert_eq!(keys(&again), keys(&of_webhook));
    assert!(again.iter().all(|(_, tries)| *tries == 1));
    shop.advance(LEASE);
    assert_eq!(claim(&shop, &mail).await, []);
}

/// Fails if the facts of a failed delivery come too early or too late, or if a later fact of the same reservation
/// comes before them.
pub async fn a_fact_that_failed_comes_again_and_later_ones_wait_for_it(shop: TestShop) {
    let (hall, mail) = (shop.hall().await, subscribed(&shop, "mail").await);
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let claimed = claim(&shop, &mail).await;
    let again_at = shop.now().after(Duration::from_secs(5));
    let (until, release) = (shop.now().after(LEASE), Release::Failed { again_at });
    let is_of_it = |it: &(Fact, u32)| it.0.body.reservation() == Some(held.id);
    let (of_it, others): (Vec<_>, Vec<_>) = claimed.into_iter().partition(is_of_it);
    let store = shop.store();
    store.release_outbox(&mail, &keys(&of_it), until, release).await.unwrap();
    store.release_outbox(&mail, &keys(&others), until, Release::Untried).await.unwrap();
    assert_eq!(claim(&shop, &mail).await, others, "what was not tried is free at once");
    shop.apply(shop.release(&held)).await;
    let meanwhile = claim(&shop, &mail).await;
    assert!(!meanwhile.is_empty() && !meanwhile.iter().any(is_of_it), "{meanwhile:?}");
    shop.go_to(again_at.before(MICROSECOND));
    assert_eq!(claim(&shop, &mail).await, []);
    shop.go_to(again_at);
    let bodies: Vec<_> = claim(&shop, &mail).await;
    let told: Vec<_> = bodies.iter().map(|(fact, tries)| (fact.body.kind(), *tries)).collect();
    assert_eq!(told, [(FactKind::ReservationHeld, 1), (FactKind::ReservationCancelled, 0)]);
}

/// Fails if a release after the end of a lease ends the claim of another server.
pub async fn a_late_release_leaves_the_claim_of_another(shop: TestShop) {
    let (hall, mail) = (shop.hall().await, subscribed(&shop, "mail").await);
    shop.held(&hall, shop.buyer(), &[0]).await;
    let until = shop.now().after(LEASE);
    let first = claim(&shop, &mail).await;
    shop.go_to(until);
    assert_eq!(claim(&shop, &mail).await, first);
    let store = shop.store();
    let again_at = shop.now();
    for release in [Release::Untried, Release::Failed { again_at }] {
        store.release_outbox(&mail, &keys(&first), until, release).await.unwrap();
    }
    assert_eq!(claim(&shop, &mail).await, []);
    store.ack_outbox(&mail, &keys(&first)).await.unwrap();
    store.release_outbox(&mail, &keys(&first), shop.now().after(LEASE), Release::Untried).await.unwrap();
    store.release_outbox(&named("unknown"), &keys(&first), until, Release::Untried).await.unwrap();
    assert_eq!(waiting(&shop, &mail).await, []);
}

/// Fails if a subscriber gets facts that were committed before its registration, misses later ones, or loses facts
/// when it is registered again.
pub async fn a_subscriber_begins_with_the_next_commit(shop: TestShop) {
    let hall = shop.hall().await;
    shop.held(&hall, shop.buyer(), &[0]).await;
    assert_eq!(claim(&shop, &named("mail")).await, [], "nothing waits for a subscriber that is unknown");
    let mail = subscribed(&shop, "mail").await;
    let since = shop.now();
    assert_eq!(claim(&shop, &mail).await, []);
    let held = shop.held(&hall, shop.buyer(), &[1]).await;
    shop.advance(Duration::from_secs(1));
    subscribed(&shop, "mail").await;
    let claimed = claim(&shop, &mail).await;
    assert!(claimed.iter().any(|(fact, _)| fact.body.reservation() == Some(held.id)));
    let known = status(&shop, &mail).await.unwrap();
    assert_eq!((known.since, known.seen_at), (since, shop.now()));
    shop.go_to(since);
    subscribed(&shop, "mail").await;
    let known = status(&shop, &mail).await.unwrap();
    assert_eq!(known.seen_at, since.after(Duration::from_secs(1)), "a slow clock takes nothing back");
    shop.advance(Duration::from_secs(1));
}

/// Fails if a subscriber gets a kind of fact that it does not want, or misses one that it wants.
pub async fn a_subscriber_gets_the_kinds_it_wants(shop: TestShop) {
    let (hall, mail) = (shop.hall().await, named("mail"));
    shop.subscribe(&mail, [FactKind::ReservationHeld].into_iter().collect()).await;
    shop.held(&hall, shop.buyer(), &[0]).await;
    let kinds = [FactKind::ReservationConfirmed, FactKind::PaymentUpdated].into_iter().collect();
    shop.subscribe(&mail, kinds).await;
    let held = shop.held(&hall, shop.buyer(), &[1]).await;
    shop.sold(&held).await;
    let known = status(&shop, &mail).await.unwrap();
    assert_eq!(known.subscription.kinds, kinds);
    let told: Vec<_> = waiting(&shop, &mail).await.iter().map(|fact| fact.body.kind()).collect();
    let (payment, confirmed) = (FactKind::PaymentUpdated, FactKind::ReservationConfirmed);
    assert_eq!(told, [FactKind::ReservationHeld, payment, payment, payment, confirmed]);
}

/// Fails if facts of a removed subscriber stay, or come after a new registration, or if facts of another subscriber
/// are removed.
pub async fn a_removed_subscriber_leaves_nothing(shop: TestShop) {
    let (hall, store) = (shop.hall().await, shop.store());
    let (mail, webhook) = (subscribed(&shop, "mail").await, subscribed(&shop, "webhook").await);
    shop.held(&hall, shop.buyer(), &[0]).await;
    let claimed = claim(&shop, &mail).await;
    assert!(store.unsubscribe(&mail, shop.now()).await.unwrap());
    assert!(!store.unsubscribe(&mail, shop.now()).await.unwrap());
    assert_eq!(status(&shop, &mail).await, None);
    assert_eq!(waiting(&shop, &mail).await, []);
    store.ack_outbox(&mail, &keys(&claimed)).await.unwrap();
    shop.held(&hall, shop.buyer(), &[1]).await;
    subscribed(&shop, "mail").await;
    assert_eq!(waiting(&shop, &mail).await, []);
    let of_webhook = waiting(&shop, &webhook).await;
    assert!(of_webhook.len() > claimed.len());
    let held = shop.held(&hall, shop.buyer(), &[2]).await;
    let told = waiting(&shop, &mail).await;
    assert!(told.iter().any(|fact| fact.body.reservation() == Some(held.id)));
}

/// Fails if a subscriber is removed too early, or too late.
pub async fn subscribers_not_seen_are_removed_in_the_order_of_names(shop: TestShop) {
    let (hall, store) = (shop.hall().await, shop.store());
    for name in ["b", "a", "c"] {
        subscribed(&shop, name).await;
    }
    shop.held(&hall, shop.buyer(), &[0]).await;
    let seen = shop.now();
    shop.advance(MICROSECOND);
    shop.subscribe(&auditor(), FactKinds::all()).await;
    subscribed(&shop, "c").await;
    assert_eq!(store.unsubscribe_unseen(seen, shop.now()).await.unwrap(), []);
    let removed = store.unsubscribe_unseen(shop.now(), shop.now()).await.unwrap();
    assert_eq!(removed, [named("a"), named("b")]);
    assert!(status(&shop, &named("c")).await.is_some());
    assert_eq!(waiting(&shop, &named("a")).await, []);
}

/// Fails if the backlog of a subscriber is counted wrongly.
pub async fn the_backlog_of_each_subscriber_is_shown(shop: TestShop) {
    let (hall, mail) = (shop.hall().await, named("mail"));
    shop.subscribe(&mail, [FactKind::StockChanged].into_iter().collect()).await;
    let known = status(&shop, &mail).await.unwrap();
    assert_eq!((known.waiting, known.oldest), (0, None));
    let first = shop.now();
    for _ in 0..3 {
        shop.standing(&hall, shop.buyer(), 1).await;
        shop.advance(Duration::from_secs(1));
    }
    let known = status(&shop, &mail).await.unwrap();
    assert_eq!((known.waiting, known.oldest), (3, Some(first)));
    let claimed = claim(&shop, &mail).await;
    assert!(matches!(claimed[0].0.body, FactBody::StockChanged { .. }));
    shop.store().ack_outbox(&mail, &keys(&claimed)[..1]).await.unwrap();
    let known = status(&shop, &mail).await.unwrap();
    let second = first.after(Duration::from_secs(1));
    assert_eq!((known.waiting, known.oldest), (2, Some(second)), "a claimed fact still waits");
}
