//! Whole sales by what people do: the store comes to the same as the in-memory store.

use tiketi_core::store::AuditReport;

use crate::differential::{self, Reached};
use crate::factory::{CommandOrder, WholeStore};
use crate::handles::Handles;

/// Seeds that found a difference once; they are always run.
const KEPT: [u64; 0] = [];
/// How many other seeds are run.
const SEEDS: u64 = 12;

/// What is reached in so many sales, granted and refused: a comparison that never gets there compares nothing.
const KINDS: [(&str, bool); 26] = [
    ("Hold", true),
    ("Hold", false),
    ("Extend", true),
    ("Extend", false),
    ("Release", true),
    ("Release", false),
    ("Prepare", true),
    ("Prepare", false),
    ("Pay", true),
    ("Pay", false),
    ("Confirm", true),
    ("Confirm", false),
    ("Cancel", true),
    ("Cancel", false),
    ("GiveBack", false),
    ("staff: Block", true),
    ("staff: Block", false),
    ("staff: Refund", true),
    ("staff: Refund", false),
    ("staff: Cancel", true),
    ("staff: Cancel", false),
    ("staff: Retry", true),
    ("staff: Price", true),
    ("staff: CancelEvent", true),
    ("staff: LimitBuyers", true),
    ("staff: Note", true),
];

/// Fails if an answer, a fact, a row or an audit differs from that of the in-memory store.
///
/// `TIKETI_SEQUENCES` sets the number of sales, 12 by default, and `TIKETI_SEED` the first seed, 1 by default. A
/// difference is printed with its seed, every request before it, and both answers.
pub async fn whole_sales_have_the_answers_of_the_in_memory_store(
    stores: Handles<dyn WholeStore>,
    order: CommandOrder,
) {
    let number = |name: &str, default| {
        std::env::var(name).map_or(default, |text| text.parse().expect("the variable is a number"))
    };
    let (first, count) = (number("TIKETI_SEED", 1), number("TIKETI_SEQUENCES", SEEDS));
    let (mut sales, mut reached) = (0, Reached::new());
    for seed in KEPT.into_iter().chain(first..first + count) {
        reached.extend(differential::compare(stores.clone(), order, seed).await);
        sales += 1;
    }
    if count >= SEEDS {
        let never: Vec<_> = KINDS
            .into_iter()
            .filter(|(kind, is_granted)| !reached.contains(&((*kind).to_owned(), *is_granted)))
            .collect();
        assert!(never.is_empty(), "never in {count} sales: {never:?}");
    }
    let report = AuditReport::of(&*stores.any()).await.expect("the store can be audited");
    assert_eq!(report.violations, [], "after all sales");
    assert!(report.events >= sales && report.reservations >= sales && report.payments >= sales, "{report:?}");
}
