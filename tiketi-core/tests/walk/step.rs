//! The steps of a random sequence, and how a likely next step is chosen.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::book::{Phase, Progress, SEATS, TROUBLE_AFTER, Tickets};
use crate::model::Model;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Buyer {
    Ada,
    Ben,
    Cho,
}

pub(crate) const BUYERS: [Buyer; 3] = [Buyer::Ada, Buyer::Ben, Buyer::Cho];

/// The provider's answer about a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Paid,
    Declined,
    WrongAmount,
    /// The money belongs to another order.
    AnotherOrder,
}

/// Why the next lookup of an attempt is scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Claim,
    /// By a server that read the row before another server claimed it.
    StaleClaim,
    Doubt,
    Wait,
    GiveUp,
    /// The provider awaits a deposit.
    Deposit,
    /// The provider awaits the deposit again, because it was withdrawn.
    DepositGone,
    /// The withdrawn deposit has arrived again.
    DepositBack,
}

pub(crate) const ASKS: [Ask; 8] = [
    Ask::Claim,
    Ask::StaleClaim,
    Ask::Doubt,
    Ask::Wait,
    Ask::GiveUp,
    Ask::Deposit,
    Ask::DepositGone,
    Ask::DepositBack,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    Seconds(i64),
    /// To the end of the next hold: the first moment at which the hold has ended.
    ToNextEnd,
    /// To the last microsecond of the hold that ends next.
    JustBeforeNextEnd,
}

/// One step. Seats are numbered from 0, reservations and attempts in the order of their creation.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Hold { buyer: Buyer, seats: Vec<usize>, standing: u32, free: u32 },
    Extend { by: Buyer, of: usize },
    Release { by: Buyer, of: usize, seats: Option<Vec<usize>> },
    Prepare { by: Buyer, of: usize },
    ConfirmFree { by: Buyer, of: usize },
    Confirm { by: Buyer, attempt: usize },
    Outcome { attempt: usize, said: Said },
    Cancel { by: Option<Buyer>, of: usize },
    Refund { by: Option<Buyer>, attempt: usize, part: bool },
    GiveBack { by: Option<Buyer>, attempt: usize, tickets: Tickets },
    RefundEnds { attempt: usize, done: bool },
    ScheduleReconciliation { attempt: usize, how: Ask },
    EndPayment { attempt: usize },
    CancelEvent,
    CallOff { of: usize },
    Block { seat: usize },
    Unblock { seat: usize },
    Tidy,
    Wait(Wait),
}

impl fmt::Debug for Step {
    /// Writes one line, so that a failing sequence is printed as a list.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = |by: &Option<Buyer>| by.map_or("organiser".to_owned(), |by| format!("{by:?}"));
        match self {
            Self::Hold { buyer, seats, standing, free } => {
                write!(f, "{buyer:?} holds {standing} standing, {free} free, seats {}", list(seats))
            }
            Self::Extend { by, of } => write!(f, "{by:?} extends R{of}"),
            Self::Release { by, of, seats: None } => write!(f, "{by:?} releases all of R{of}"),
            Self::Release { by, of, seats: Some(seats) } => {
                write!(f, "{by:?} releases seats {} of R{of}", list(seats))
            }
            Self::Prepare { by, of } => write!(f, "{by:?} prepares to pay R{of}"),
            Self::ConfirmFree { by, of } => write!(f, "{by:?} confirms R{of} without paying"),
            Self::Confirm { by, attempt } => write!(f, "{by:?} confirms P{attempt}"),
            Self::Outcome { attempt, said } => write!(f, "P{attempt} is said to be {said:?}"),
            Self::Cancel { by, of } => write!(f, "{} cancels R{of}", who(by)),
            Self::Refund { by, attempt, part: true } => write!(f, "{} refunds part of P{attempt}", who(by)),
            Self::Refund { by, attempt, part: false } => write!(f, "{} refunds P{attempt}", who(by)),
            Self::GiveBack { by, attempt, tickets: Tickets { seats, standing, free } } => {
                let seats: Vec<usize> = seats.iter().copied().collect();
                let what = format!("{standing} standing, {free} free, seats {}", list(&seats));
                write!(f, "{} gives {what} of P{attempt} back", who(by))
            }
            Self::RefundEnds { attempt, done: true } => write!(f, "the refund of P{attempt} is done"),
            Self::RefundEnds { attempt, done: false } => write!(f, "the refund of P{attempt} is refused"),
            Self::ScheduleReconciliation { attempt, how } => write!(f, "asking about P{attempt}: {how:?}"),
            Self::EndPayment { attempt } => write!(f, "P{attempt} is ended by a person"),
            Self::CancelEvent => f.write_str("the event is cancelled"),
            Self::CallOff { of } => write!(f, "R{of} is called off"),
            Self::Block { seat } => write!(f, "seat {seat} is blocked"),
            Self::Unblock { seat } => write!(f, "seat {seat} is unblocked"),
            Self::Tidy => f.write_str("tidy"),
            Self::Wait(Wait::Seconds(seconds)) => write!(f, "wait {seconds} s"),
            Self::Wait(Wait::ToNextEnd) => f.write_str("wait to the next end of a hold"),
            Self::Wait(Wait::JustBeforeNextEnd) => f.write_str("wait to 1 µs before the next end of a hold"),
        }
    }
}

/// Formats a list on one line, also in the alternate format.
fn list(seats: &[usize]) -> String {
    format!("{seats:?}")
}

impl Step {
    /// Returns whether all reservations and attempts that the step names exist. Without this check, a shrunk
    /// sequence could name missing ones.
    pub(crate) fn names_what_exists(&self, model: &Model) -> bool {
        match self {
            Self::Extend { of, .. }
            | Self::Release { of, .. }
            | Self::Prepare { of, .. }
            | Self::ConfirmFree { of, .. }
            | Self::Cancel { of, .. }
            | Self::CallOff { of } => *of < model.bookings.len(),
            Self::Confirm { attempt, .. }
            | Self::Outcome { attempt, .. }
            | Self::Refund { attempt, .. }
            | Self::GiveBack { attempt, .. }
            | Self::RefundEnds { attempt, .. }
            | Self::EndPayment { attempt }
            | Self::ScheduleReconciliation { attempt, .. } => *attempt < model.attempts.len(),
            Self::Hold { .. }
            | Self::Block { .. }
            | Self::Unblock { .. }
            | Self::CancelEvent
            | Self::Tidy
            | Self::Wait(_) => true,
        }
    }
}

pub(crate) fn any_step(model: &Model) -> BoxedStrategy<Step> {
    let mut steps = vec![
        (8, hold()),
        (1, (0..SEATS).prop_map(|seat| Step::Block { seat }).boxed()),
        (1, (0..SEATS).prop_map(|seat| Step::Unblock { seat }).boxed()),
        (if model.tidies { 1 } else { 4 }, Just(Step::Tidy).boxed()),
        (4, wait().prop_map(Step::Wait).boxed()),
    ];
    if !model.bookings.is_empty() {
        steps.push((8, about_a_booking(model)));
    }
    if !model.attempts.is_empty() {
        steps.push((9, about_an_attempt(model)));
        let asks = (0..model.attempts.len(), select(&ASKS[..]));
        steps
            .push((3, asks.prop_map(|(attempt, how)| Step::ScheduleReconciliation { attempt, how }).boxed()));
    }
    steps.extend(about_a_deposit(model));
    steps.extend(about_a_silence(model));
    // Not in a short sequence, because nothing is sold after it.
    if model.bookings.len() > 3 {
        let paying = model.bookings.iter().any(|booking| matches!(booking.phase, Phase::Paying { .. }));
        steps.push((if paying { 3 } else { 1 }, Just(Step::CancelEvent).boxed()));
        let weight = if model.called_off { 8 } else { 1 };
        steps.push((weight, (0..model.bookings.len()).prop_map(|of| Step::CallOff { of }).boxed()));
    }
    proptest::strategy::Union::new_weighted(steps).boxed()
}

/// Withdrawn and repeated deposits, which purely random steps would seldom combine.
fn about_a_deposit(model: &Model) -> Vec<(u32, BoxedStrategy<Step>)> {
    let is_paid = |attempt: &&usize| model.attempts[**attempt].progress == Progress::Paid;
    let is_gone = |attempt: &usize| {
        model.attempts[*attempt].reconciliation.is_some_and(|reconciliation| reconciliation.deposit.is_some())
    };
    let all: Vec<usize> = (0..model.attempts.len()).collect();
    let (gone, there): (Vec<usize>, Vec<usize>) = all.iter().filter(is_paid).partition(|at| is_gone(at));
    let step = |weight, of: Vec<usize>, how| {
        let steps = select(of).prop_map(move |attempt| Step::ScheduleReconciliation { attempt, how });
        (weight, steps.boxed())
    };
    let mut steps = Vec::new();
    if !there.is_empty() {
        steps.push(step(1, there, Ask::DepositGone));
    }
    if !gone.is_empty() {
        steps.push(step(3, gone, Ask::DepositBack));
    }
    steps
}

/// Attempts that staff end, which purely random steps would seldom choose late enough.
fn about_a_silence(model: &Model) -> Option<(u32, BoxedStrategy<Step>)> {
    let waits = |at: &usize| model.attempts[*at].progress == Progress::Confirming;
    let silent = |at: &usize| model.attempts[*at].since + TROUBLE_AFTER <= model.now;
    let waiting: Vec<usize> = (0..model.attempts.len()).filter(waits).collect();
    let weight = if waiting.iter().any(silent) { 6 } else { 1 };
    let ends = (!waiting.is_empty()).then(|| select(waiting));
    ends.map(|of| (weight, of.prop_map(|attempt| Step::EndPayment { attempt }).boxed()))
}

fn hold() -> BoxedStrategy<Step> {
    let seats = subsequence((0..SEATS).collect::<Vec<_>>(), 0..=3);
    let few = || prop_oneof![3 => Just(0_u32), 2 => 1_u32..=3];
    (select(&BUYERS[..]), seats, few(), few())
        .prop_map(|(buyer, seats, standing, free)| Step::Hold { buyer, seats, standing, free })
        .boxed()
}

fn wait() -> impl Strategy<Value = Wait> {
    prop_oneof![
        3 => (1_i64..=400).prop_map(Wait::Seconds),
        2 => Just(Wait::ToNextEnd),
        1 => Just(Wait::JustBeforeNextEnd),
    ]
}

/// Mostly a command of the owner about a live reservation; sometimes of any buyer, about any reservation.
fn about_a_booking(model: &Model) -> BoxedStrategy<Step> {
    let all: Vec<usize> = (0..model.bookings.len()).collect();
    let live = |of: &usize| {
        matches!(model.bookings[*of].phase, Phase::Held { .. } | Phase::Paying { .. } | Phase::Confirmed)
    };
    let live: Vec<usize> = all.iter().copied().filter(live).collect();
    let likely = if live.is_empty() { all.clone() } else { live };
    let owners: Vec<Buyer> = model.bookings.iter().map(|booking| booking.buyer).collect();
    let lines: Vec<Vec<usize>> =
        model.bookings.iter().map(|booking| booking.seats.iter().copied().collect()).collect();
    let of = prop_oneof![4 => select(likely), 1 => select(all)];
    of.prop_flat_map(move |of| {
        let by = prop_oneof![6 => Just(owners[of]), 1 => select(&BUYERS[..])];
        by.prop_flat_map({
            let seats = lines[of].clone();
            move |by| by_and_of(by, of, seats.clone())
        })
    })
    .boxed()
}

fn by_and_of(by: Buyer, of: usize, seats: Vec<usize>) -> BoxedStrategy<Step> {
    let count = seats.len();
    let some = subsequence(seats, 0..=count).prop_map(Some);
    let strange = subsequence((0..SEATS).collect::<Vec<_>>(), 1).prop_map(Some);
    let which = prop_oneof![1 => Just(None), 4 => some, 1 => strange];
    prop_oneof![
        2 => Just(Step::Extend { by, of }),
        2 => which.prop_map(move |seats| Step::Release { by, of, seats }),
        6 => Just(Step::Prepare { by, of }),
        2 => Just(Step::ConfirmFree { by, of }),
        1 => Just(Step::Cancel { by: Some(by), of }),
        1 => Just(Step::Cancel { by: None, of }),
    ]
    .boxed()
}

/// Some of the tickets of a reservation, none of them, or more than it has.
fn some_of(owned: Tickets, how: u32) -> Tickets {
    let first = owned.seats.iter().next().copied();
    match how {
        2 => Tickets { seats: first.into_iter().collect(), ..Tickets::default() },
        3 => Tickets { standing: owned.standing.min(1), ..Tickets::default() },
        4 => Tickets { free: owned.free, seats: owned.seats, standing: 0 },
        _ => Tickets { standing: owned.standing + 1, ..owned },
    }
}

/// Mostly the step that an open attempt waits for; sometimes any step, about any attempt.
fn about_an_attempt(model: &Model) -> BoxedStrategy<Step> {
    let all: Vec<usize> = (0..model.attempts.len()).collect();
    let open = |at: &usize| !matches!(model.attempts[*at].progress, Progress::Over | Progress::Stuck);
    let open: Vec<usize> = all.iter().copied().filter(open).collect();
    let likely = if open.is_empty() { all.clone() } else { open };
    let known: Vec<(Buyer, Progress, bool, Tickets)> = model
        .attempts
        .iter()
        .map(|attempt| {
            let booking = &model.bookings[attempt.of];
            (booking.buyer, attempt.progress, attempt.refund.is_some(), Tickets::of(booking))
        })
        .collect();
    let attempt = prop_oneof![4 => select(likely), 1 => select(all)];
    let said = prop_oneof![8 => Just(Said::Paid), 3 => Just(Said::Declined), 1 => Just(Said::WrongAmount), 1 => Just(Said::AnotherOrder)];
    let by = prop_oneof![1 => select(&BUYERS[..]).prop_map(Some), 6 => Just(None)];
    (attempt, by, said, any::<bool>(), 0_u32..6, any::<bool>())
        .prop_flat_map(move |(attempt, anyone, said, organiser, how, done)| {
            let (owner, progress, refunding, tickets) = known[attempt].clone();
            let by = anyone.unwrap_or(owner);
            let confirm = Step::Confirm { by, attempt };
            let outcome = Step::Outcome { attempt, said };
            let by = (!organiser).then_some(by);
            let refund = match how {
                0 | 1 => Step::Refund { by, attempt, part: how == 0 },
                _ => Step::GiveBack { by, attempt, tickets: some_of(tickets, how) },
            };
            let refund_ends = Step::RefundEnds { attempt, done };
            let awaited = match progress {
                Progress::Ready => &confirm,
                Progress::Confirming => &outcome,
                Progress::Paid if !refunding => &refund,
                Progress::Paid | Progress::Over | Progress::Stuck => &refund_ends,
            };
            let awaited = Just(awaited.clone());
            prop_oneof![3 => awaited, 1 => select(vec![confirm, outcome, refund, refund_ends])]
        })
        .boxed()
}
