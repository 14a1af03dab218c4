use std::collections::HashSet;

use super::*;
use crate::decide::fixture::{ADA, BEN, Show, won};
use crate::decide::scope::Scope;
use crate::decide::{
    BeginConfirm, BeginRefund, Cancel, CaptureOutcome, Command, ConfirmFree, ExtendHold, Hold, RecordOutcome,
    RecordRefund, RefundOutcome, Release, StartPayment,
};
use crate::gateway::Captured;
use crate::id::{EventId, PaymentId, RefundId, ReservationId};
use crate::terms::Terms;

const A: Uuid = Uuid::from_u128(0xA);
const B: Uuid = Uuid::from_u128(0xB);
const RESERVATION: ReservationId = ReservationId::from_uuid(A);
const PAYMENT: PaymentId = PaymentId::from_uuid(A);

/// One command of each kind, and variants of it that have another meaning.
fn intents(show: &Show) -> Vec<u128> {
    let terms = Terms::default();
    let hold = |buyer| Hold::new(EventId::from_uuid(A), buyer, RESERVATION, terms);
    let start = |by| StartPayment::new(PAYMENT, RESERVATION, by, terms).through("test", "card");
    let confirm = || BeginConfirm::new(PAYMENT, ADA);
    let outcome = |outcome| RecordOutcome::new(PAYMENT, outcome).fingerprint();
    let paid = |amount| CaptureOutcome::Paid(Captured::kept("order", "taken", won(amount)));
    let refund = |reason| BeginRefund::new(PAYMENT, RefundId::from_uuid(A), reason);
    let ends = |refund, outcome| RecordRefund::new(PAYMENT, RefundId::from_uuid(refund), outcome);
    let release = || Release::all(RESERVATION, ADA);
    vec![
        hold(ADA).fingerprint(),
        hold(BEN).fingerprint(),
        hold(ADA).seats([show.seats[0]]).fingerprint(),
        hold(ADA).seats([show.seats[0], show.seats[1]]).fingerprint(),
        hold(ADA).item(show.free, 1).fingerprint(),
        hold(ADA).item(show.free, 2).fingerprint(),
        hold(ADA).item(show.standing, 1).fingerprint(),
        ExtendHold::new(RESERVATION, ADA, terms).fingerprint(),
        release().fingerprint(),
        release().only([]).fingerprint(),
        release().only([show.seats[0]]).fingerprint(),
        Cancel::by_buyer(RESERVATION, ADA).fingerprint(),
        Cancel::by_organiser(RESERVATION).fingerprint(),
        ConfirmFree::new(RESERVATION, ADA).fingerprint(),
        start(ADA).fingerprint(),
        start(BEN).fingerprint(),
        start(ADA).through("test", "transfer").fingerprint(),
        start(ADA).expecting(won(1)).fingerprint(),
        confirm().fingerprint(),
        confirm().expecting(won(1)).fingerprint(),
        confirm().with_provider_key("taken").fingerprint(),
        outcome(paid(1)),
        outcome(paid(2)),
        outcome(CaptureOutcome::Declined { code: "NO".into() }),
        refund("rain").fingerprint(),
        refund("storm").fingerprint(),
        refund("rain").only(won(1)).fingerprint(),
        refund("rain").by_buyer(ADA).fingerprint(),
        ends(A, RefundOutcome::Done).fingerprint(),
        ends(B, RefundOutcome::Done).fingerprint(),
        ends(A, RefundOutcome::Refused { code: "NO".into() }).fingerprint(),
    ]
}

#[test]
fn commands_of_other_content_have_other_fingerprints() {
    let all = intents(&Show::open());
    let distinct: HashSet<u128> = all.iter().copied().collect();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn a_second_try_with_new_ids_has_the_same_fingerprint() {
    let show = Show::open();
    let event = show.snapshot.event().id;
    let hold = |id| {
        Hold::new(event, ADA, ReservationId::from_uuid(id), Terms::default())
            .seats([show.seats[0]])
            .fingerprint()
    };
    assert_eq!(hold(A), hold(B));
    let start =
        |id| StartPayment::new(PaymentId::from_uuid(id), RESERVATION, ADA, Terms::default()).fingerprint();
    assert_eq!(start(A), start(B));
    let refund = |id| BeginRefund::new(PAYMENT, RefundId::from_uuid(id), "rain").fingerprint();
    assert_eq!(refund(A), refund(B));
}

/// Stores keep fingerprints for a day and longer, so an update of the library must not change them.
#[test]
fn a_fingerprint_is_the_same_in_every_release() {
    let mut fingerprint = Fingerprint::of("hold");
    fingerprint.id(A).number(2).text("Balcony");
    assert_eq!(fingerprint.finish(), 197_975_136_044_360_615_982_075_825_462_806_435_261);
}
