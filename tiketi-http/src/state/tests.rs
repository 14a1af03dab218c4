//! States that are not built, and secrets that are not shown.

use tiketi_core::memory::MemoryStore;

use super::*;

fn builder(secret: &str) -> AppStateBuilder {
    let store = Arc::new(MemoryStore::default());
    let box_office = BoxOffice::builder().store(Arc::clone(&store)).build().unwrap();
    let secret = TokenSecret::new(secret).unwrap();
    AppState::builder(box_office, store.clone(), store.clone(), SignIn::Accounts { store, secret })
}

#[test]
fn a_limit_that_would_refuse_everything_is_refused() {
    let limits = HttpLimits { body_bytes: 0, ..HttpLimits::default() };
    let error = builder(&"x".repeat(32)).limits(limits).build().unwrap_err();
    assert_eq!(error, StateError::ZeroLimit { name: "body_bytes" });
}

#[test]
fn the_secret_is_never_shown() {
    let secret = "x".repeat(32);
    let builder = builder(&secret);
    assert!(!format!("{builder:?}").contains(&secret));
    assert!(!format!("{:?}", builder.build().unwrap()).contains(&secret));
}
