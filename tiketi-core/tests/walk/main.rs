//! Random sequences of commands on the rules, checked after every step.
//!
//! Each step runs twice: by the rules on a [`TestShop`], and by a much simpler [`Model`]. The rows of the shop must
//! satisfy all [`invariants`], and shop and model must agree. A failing sequence shrinks to a short list of
//! [`Step`]s. `PROPTEST_CASES` sets how many sequences run.

#![cfg(test)]

mod agreement;
mod book;
mod coverage;
mod invariants;
mod model;
mod rows;
mod shop;
mod step;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use model::Model;
use shop::TestShop;
use step::Step;

/// The same sequences in every run, so that a failure can be repeated.
const SEED: u64 = 0x7E0A_2026;

fn config() -> Config {
    let given = Config::default();
    let rng_seed = match given.rng_seed {
        RngSeed::Random => RngSeed::Fixed(SEED),
        chosen @ RngSeed::Fixed(_) => chosen,
    };
    Config { failure_persistence: None, rng_seed, max_shrink_iters: 20_000, ..given }
}

struct Book;

impl ReferenceStateMachine for Book {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        // Half of the stores run `tidy` before each command, as the contract demands. The others leave ended holds
        // in the rows, as in the middle of a batch, so that other reservations take their seats over.
        any::<bool>().prop_map(Model::new).boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Step> {
        step::any_step(model)
    }

    fn apply(mut model: Model, step: &Step) -> Model {
        model.take(step);
        model
    }

    fn preconditions(model: &Model, step: &Step) -> bool {
        step.names_what_exists(model)
    }
}

struct Walk;

impl StateMachineTest for Walk {
    type SystemUnderTest = TestShop;
    type Reference = Book;

    fn init_test(model: &Model) -> TestShop {
        TestShop::open(model.tidies)
    }

    fn apply(mut shop: TestShop, model: &Model, step: Step) -> TestShop {
        let accepted = shop.take(&step, model.now);
        // The invariants do not use the model. The comparison with the model comes after them.
        invariants::check(&shop);
        assert_eq!(accepted, model.accepted, "the rules and the model disagree whether {step:?} may be");
        shop
    }

    fn check_invariants(shop: &TestShop, model: &Model) {
        agreement::check(shop, model);
    }

    fn teardown(shop: TestShop, model: Model) {
        invariants::check_that_everything_ends(shop, &model);
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    fn no_sequence_of_commands_violates_an_invariant(sequential 1..60 => Walk);
}
