//! Tests of the builder.

use super::*;
use crate::memory::{MemoryNotifier, MemoryStore, TestGateway};

#[test]
fn subscribers_have_valid_names_of_their_own() {
    let notifier = || Arc::new(MemoryNotifier::default());
    let builder = || BoxOffice::builder().store(Arc::new(MemoryStore::default()));
    assert!(builder().subscriber("mail", notifier()).subscriber("push", notifier()).build().is_ok());
    let twice = builder().subscriber("mail", notifier()).subscriber_of("mail", [], notifier()).build();
    let name = SubscriberName::new("mail").unwrap();
    assert_eq!(twice.unwrap_err(), BuildError::DuplicateSubscriber { name });
    let bad = builder().subscriber("E-Mail!", notifier()).build();
    assert!(matches!(bad.unwrap_err(), BuildError::SubscriberName { name, .. } if name == "E-Mail!"));
}

#[test]
fn the_part_of_the_store_that_is_missing_is_named() {
    type Give = fn(BoxOfficeBuilder, Arc<MemoryStore>) -> BoxOfficeBuilder;
    let parts: [(&str, Give); 7] = [
        ("sales", |builder, store| builder.sales(store)),
        ("catalog", |builder, store| builder.catalog(store)),
        ("layouts", |builder, store| builder.layouts(store)),
        ("outbox", |builder, store| builder.outbox(store)),
        ("inbox", |builder, store| builder.inbox(store)),
        ("store_clock", |builder, store| builder.store_clock(store)),
        ("store_probe", |builder, store| builder.store_probe(store)),
    ];
    let store = Arc::new(MemoryStore::default());
    for (part, _) in parts {
        let others = parts.into_iter().filter(|(name, _)| *name != part);
        let builder = others.fold(BoxOffice::builder(), |builder, (_, give)| give(builder, store.clone()));
        assert_eq!(builder.build().unwrap_err(), BuildError::StoreMissing { part });
    }
    let builder =
        parts.into_iter().fold(BoxOffice::builder(), |builder, (_, give)| give(builder, store.clone()));
    assert!(builder.build().is_ok());
}

#[test]
fn two_gateways_of_one_name_are_refused() {
    let gateway = || Arc::new(TestGateway::default());
    let builder = BoxOffice::builder().store(Arc::new(MemoryStore::default()));
    let error = builder.gateway(gateway()).gateway(gateway()).build().unwrap_err();
    assert_eq!(error, BuildError::DuplicateGateway { name: "test".into() });
}

#[test]
fn impossible_terms_are_refused() {
    let terms = Terms { hold_ttl: Duration::ZERO, ..Terms::default() };
    let builder = BoxOffice::builder().store(Arc::new(MemoryStore::default())).terms(terms);
    assert!(matches!(builder.build().unwrap_err(), BuildError::Terms(_)));
}
