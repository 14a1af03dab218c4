//! Checks that the random sequences contain every kind of step, both accepted and refused.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use proptest_state_machine::ReferenceStateMachine;

use crate::Book;
use crate::model::Late;
use crate::step::{Ask, Said, Step};

const KINDS: [&str; 28] = [
    "another order",
    "ask",
    "block",
    "call off",
    "cancel",
    "cancel by organiser",
    "cancel event",
    "confirm",
    "confirm free",
    "declined",
    "deposit",
    "deposit back",
    "deposit gone",
    "doubt",
    "end payment",
    "extend",
    "give back",
    "give up",
    "hold",
    "paid",
    "partial refund",
    "prepare",
    "refund",
    "refund done",
    "refund refused",
    "release",
    "wait to ask",
    "wrong amount",
];

fn kind(step: &Step) -> Option<&'static str> {
    Some(match step {
        Step::Hold { .. } => "hold",
        Step::Extend { .. } => "extend",
        Step::Release { .. } => "release",
        Step::Prepare { .. } => "prepare",
        Step::ConfirmFree { .. } => "confirm free",
        Step::Confirm { .. } => "confirm",
        Step::Outcome { said: Said::Paid, .. } => "paid",
        Step::Outcome { said: Said::Declined, .. } => "declined",
        Step::Outcome { said: Said::WrongAmount, .. } => "wrong amount",
        Step::Outcome { said: Said::AnotherOrder, .. } => "another order",
        Step::EndPayment { .. } => "end payment",
        Step::Cancel { by: Some(_), .. } => "cancel",
        Step::Cancel { by: None, .. } => "cancel by organiser",
        Step::Refund { part: true, .. } => "partial refund",
        Step::Refund { part: false, .. } => "refund",
        Step::GiveBack { .. } => "give back",
        Step::RefundEnds { done: true, .. } => "refund done",
        Step::RefundEnds { done: false, .. } => "refund refused",
        Step::ScheduleReconciliation { how: Ask::Claim, .. } => "ask",
        Step::ScheduleReconciliation { how: Ask::Doubt, .. } => "doubt",
        Step::ScheduleReconciliation { how: Ask::Wait, .. } => "wait to ask",
        Step::ScheduleReconciliation { how: Ask::GiveUp, .. } => "give up",
        Step::ScheduleReconciliation { how: Ask::Deposit, .. } => "deposit",
        Step::ScheduleReconciliation { how: Ask::DepositGone, .. } => "deposit gone",
        Step::ScheduleReconciliation { how: Ask::DepositBack, .. } => "deposit back",
        Step::CancelEvent => "cancel event",
        Step::CallOff { .. } => "call off",
        Step::Block { .. } => "block",
        // These are always refused, or never, so they cannot be seen both ways.
        Step::ScheduleReconciliation { how: Ask::StaleClaim, .. }
        | Step::Unblock { .. }
        | Step::Tidy
        | Step::Wait(_) => {
            return None;
        }
    })
}

#[test]
fn sequences_contain_every_kind_of_step_accepted_and_refused() {
    // A fixed seed, whatever seed the other tests use: the rare steps do not happen under every seed.
    let config = Config { rng_seed: RngSeed::Fixed(crate::SEED), ..crate::config() };
    let mut runner = TestRunner::new(config);
    let (mut accepted, mut refused, mut late) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for _ in 0..1_200 {
        let walks = Book::sequential_strategy(1..50);
        let (mut model, steps, _) = walks.new_tree(&mut runner).unwrap().current();
        for step in steps {
            model.take(&step);
            let seen = if model.accepted { &mut accepted } else { &mut refused };
            seen.extend(kind(&step));
            late.extend(model.late);
        }
    }
    assert_eq!(accepted.into_iter().collect::<Vec<_>>(), KINDS, "accepted");
    let all = [Late::InTime, Late::TakenAgain, Late::GivenBack, Late::CalledOff];
    assert_eq!(late.into_iter().collect::<Vec<_>>(), all, "late money");
    assert_eq!(refused.into_iter().collect::<Vec<_>>(), KINDS, "refused");
}
