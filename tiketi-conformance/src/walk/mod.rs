//! Random sequences of commands on two stores side by side.

pub(crate) mod chance;
mod step;
mod walker;

use std::fmt::Debug;
use std::sync::Arc;

use tiketi_core::memory::MemoryStore;
use tiketi_core::{EventId, Fact, FactBody, Terms};

use crate::factory::SellingStore;
use crate::hall::Hall;
use crate::handles::Handles;
use crate::picture::Picture;
use crate::shop::TestShop;
use crate::walk::step::{Step, unnumbered, unnumbered_fact};
use crate::walk::walker::Walker;

/// Number of commands in a sequence.
const STEPS: usize = 200;
/// Keeps the ids of sequences different from each other and from those of cases.
const FIRST_ID_SEED: u64 = 1_000;

/// Sends one random sequence to the store under test and to an in-memory store, and compares every answer.
pub(crate) async fn compare(stores: Handles<dyn SellingStore>, seed: u64) {
    let tested = TestShop::seeded(stores, FIRST_ID_SEED + seed).await;
    let memory: Arc<dyn SellingStore> = Arc::new(MemoryStore::default());
    let model = TestShop::seeded(Handles::new(vec![memory]), FIRST_ID_SEED + seed).await;
    let halls = halls(&tested).await;
    self::halls(&model).await;
    let mut walker = Walker::new(tested.clone(), halls, seed);
    let mut log = Vec::new();
    for _ in 0..STEPS {
        let step = walker.next().await;
        let answer = step.clone().send(&*tested.store()).await;
        let expected = step.clone().send(&*model.store()).await;
        let told = || told(seed, &log);
        assert!(answer == expected, "{}\nlast: {step:#?}\nanswered: {answer}\nexpected: {expected}", told());
        log.push(line(seed, &step, &answer));
    }
    finish(&walker.shop, &model, seed, &log).await;
}

/// Creates the same events in both stores: both shops count their ids from one seed.
async fn halls(shop: &TestShop) -> Vec<Hall> {
    vec![shop.hall().await, shop.hall().await]
}

async fn finish(tested: &TestShop, model: &TestShop, seed: u64, log: &[String]) {
    model.know_like(tested);
    let (shown, expected) = (seen(tested).await, seen(model).await);
    let told = || told(seed, log);
    same(&shown.0.events, &expected.0.events, told);
    same(&shown.0.reservations, &expected.0.reservations, told);
    same(&shown.0.payments, &expected.0.payments, told);
    same(&shown.1, &expected.1, told);
    tested.audit().await;
    model.audit().await;
}

/// Compares row by row, so that only the first difference is shown.
fn same<T: PartialEq + Debug>(shown: &[T], expected: &[T], told: impl Fn() -> String) {
    for (shown, expected) in shown.iter().zip(expected) {
        assert!(shown == expected, "{}\nends with: {shown:#?}\nexpected: {expected:#?}", told());
    }
    assert!(shown.len() == expected.len(), "{}\nends with rows too many or too few", told());
}

/// Returns all visible rows without what may differ: numbers, fact ids, and the order between events.
async fn seen(shop: &TestShop) -> (Picture, Vec<(EventId, FactBody)>) {
    let mut picture = shop.settled_picture().await;
    picture.reservations = picture.reservations.into_iter().map(unnumbered).collect();
    let known = shop.known();
    let own = |fact: &&Fact| known.events.contains(&fact.event);
    let mut facts: Vec<_> =
        known.facts.iter().filter(own).map(|fact| (fact.event, unnumbered_fact(fact.body.clone()))).collect();
    facts.sort_by_key(|(event, _)| *event);
    (picture, facts)
}

/// Formats one command and the beginning of its answer, with shortened ids.
fn line(seed: u64, step: &Step, answer: &str) -> String {
    let prefix = format!("00000000-0000-{:04x}-0000-000000000", FIRST_ID_SEED + seed);
    let terms = format!(", terms: {:?}", Terms::default());
    let answer: String = answer.chars().take(160).collect();
    format!("{step:?}\n    -> {answer}").replace(&prefix, "").replace(&terms, "")
}

fn told(seed: u64, log: &[String]) -> String {
    format!("seed {seed} (TIKETI_SEED={seed} TIKETI_SEQUENCES=1), after:\n{}", log.join("\n"))
}
