//! Random sequences of commands on a waiting room: several servers run admission, with different clocks.
//!
//! After every step the whole room is checked: no buyer overtakes another, none is lost, none is called twice, and no
//! more are called and active than the policy allows.

#![cfg(test)]

mod journal;
mod walk;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use walk::{Step, Walk};

fn config() -> Config {
    Config { failure_persistence: None, rng_seed: RngSeed::Fixed(0x7E0A), ..Config::default() }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let buyer = || 0_u128..40;
    let step = prop_oneof![
        6 => (buyer(), 0_u8..8).prop_map(|(buyer, class)| Step::Join { buyer, class }),
        4 => buyer().prop_map(|buyer| Step::Enter { buyer }),
        2 => buyer().prop_map(|buyer| Step::Heartbeat { buyer }),
        2 => buyer().prop_map(|buyer| Step::Leave { buyer }),
        2 => buyer().prop_map(|buyer| Step::Finish { buyer }),
        5 => (0_usize..3, 1_u32..6).prop_map(|(server, limit)| Step::Admit { server, limit }),
        1 => (0_usize..3).prop_map(|server| Step::RepeatAdmit { server }),
        1 => (0_usize..20).prop_map(|stock| Step::Stock { unsold: stock as u64 / 4 }),
        2 => (0_u64..15).prop_map(|seconds| Step::Wait { seconds }),
    ];
    prop::collection::vec(step, 1..300)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_buyer_overtakes_is_lost_or_called_twice(
        steps in steps(),
        drawn in any::<bool>(),
        max_active in 1_u32..6,
        rate in prop::option::of(10_u32..600),
        threshold in prop::option::of(0_u32..6),
    ) {
        let mut walk = Walk::new(drawn, max_active, rate, threshold);
        for step in steps {
            walk.take(&step);
            walk.check();
        }
        walk.drain();
        walk.check();
    }
}
