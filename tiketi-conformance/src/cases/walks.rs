//! Random sequences of commands: the adapter gives the same answers as the in-memory store.

use crate::shop::TestShop;
use crate::walk;

/// Fails if an answer, or the visible rows at the end, differ from those of the in-memory store.
///
/// `TIKETI_SEQUENCES` sets the number of sequences, 50 by default, and `TIKETI_SEED` the first seed, 1 by default.
/// A difference is printed with its seed and every command before it.
pub async fn random_commands_have_the_answers_of_the_in_memory_store(shop: TestShop) {
    let number = |name: &str, default| {
        std::env::var(name).map_or(default, |text| text.parse().expect("the variable is a number"))
    };
    let (first, count) = (number("TIKETI_SEED", 1), number("TIKETI_SEQUENCES", 50));
    for seed in first..first + count {
        walk::compare(shop.stores(), seed).await;
    }
}
