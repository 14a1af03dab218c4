use std::collections::BTreeSet;

use uuid::Uuid;

use super::*;
use crate::decide::{CaptureOutcome, ReconcileStep, RefundOutcome};
use crate::id::{BuyerId, EventId, PaymentId, RefundId, ReservationId, SeatId};
use crate::payment::Settles;
use crate::terms::Terms;

const ID: Uuid = Uuid::from_u128(0xA);
const ADA: BuyerId = BuyerId::from_uuid(Uuid::from_u128(0xADA));
const EVENT: EventId = EventId::from_uuid(ID);
const RESERVATION: ReservationId = ReservationId::from_uuid(ID);
const PAYMENT: PaymentId = PaymentId::from_uuid(ID);
const SEAT: SeatId = SeatId::from_uuid(ID);

/// One command of each kind.
fn one_of_each() -> [AnyCommand; 14] {
    let terms = Terms::default();
    [
        Hold::new(EVENT, ADA, RESERVATION, terms).seats([SEAT]).into(),
        ExtendHold::new(RESERVATION, ADA, terms).into(),
        Release::all(RESERVATION, ADA).into(),
        ConfirmFree::new(RESERVATION, ADA).into(),
        StartPayment::new(PAYMENT, RESERVATION, ADA, terms).into(),
        BeginConfirm::new(PAYMENT, ADA).into(),
        RecordOutcome::new(PAYMENT, CaptureOutcome::NotFound).paid_by(ADA, terms).into(),
        Cancel::by_buyer(RESERVATION, ADA).into(),
        BeginRefund::new(PAYMENT, RefundId::from_uuid(ID), "rain").into(),
        RecordRefund::new(PAYMENT, RefundId::from_uuid(ID), RefundOutcome::Done).into(),
        ScheduleReconciliation::new(PAYMENT, ReconcileStep::GiveUp).into(),
        NotePayment::new(PAYMENT, "Kim", "paid out by hand", Settles::Yes).into(),
        EndPayment::new(PAYMENT, "Kim", "the provider is silent").into(),
        CallOff::new(RESERVATION).into(),
    ]
}

/// Names are in the fingerprints that stores keep, so an update of the library must not change them.
///
/// Fails with another name of one command.
#[test]
fn each_command_has_a_name_that_stays() {
    let names = one_of_each().map(|command| command.name());
    let expected = [
        "hold",
        "extend-hold",
        "release",
        "confirm-free",
        "start-payment",
        "begin-confirm",
        "record-outcome",
        "cancel",
        "begin-refund",
        "record-refund",
        "schedule-reconciliation",
        "note-payment",
        "end-payment",
        "call-off",
    ];
    assert_eq!(names, expected);
}

/// A store that loads by key has nothing else, so a row that is not named is missing for the rule.
///
/// Fails with each field left out of the read set of a hold.
#[test]
fn a_command_names_the_rows_that_its_rule_reads() {
    for command in one_of_each() {
        let read = command.read_set();
        let reads = (read.seats, read.buyer, read.new_reservation, read.new_payment);
        let expected: (&[SeatId], _, _, _) = match command.name() {
            "hold" => (&[SEAT], Some(ADA), Some(RESERVATION), None),
            "start-payment" => (&[], None, None, Some(PAYMENT)),
            "record-outcome" => (&[], Some(ADA), None, None),
            _ => (&[], None, None, None),
        };
        assert_eq!(reads, expected, "{}", command.name());
    }
}

/// Fails with each of the three answers changed.
#[test]
fn only_what_a_provider_says_changes_an_archived_event() {
    let all = one_of_each();
    let may: BTreeSet<_> =
        all.iter().filter(|command| command.may_change_archived()).map(Command::name).collect();
    assert_eq!(may, BTreeSet::from(["record-outcome", "record-refund", "schedule-reconciliation"]));
}

#[test]
fn a_refusal_comes_back_with_the_type_of_its_command() {
    let refused: CommandError<AnyRefused> = CommandError::Refused(HoldRefused::NothingAsked.into());
    let typed: CommandError<HoldRefused> = refused.typed();
    assert_eq!(typed.refusal(), Some(HoldRefused::NothingAsked));
}

#[test]
fn the_refusal_of_another_command_is_a_defect_of_the_store() {
    let refused: CommandError<AnyRefused> = CommandError::Refused(CallOffRefused::EventStands.into());
    let typed: CommandError<HoldRefused> = refused.typed();
    assert!(matches!(typed, CommandError::Store(error) if error.kind() == StoreErrorKind::Internal));
}

/// Fails with the texts of one command unchecked.
#[test]
fn a_text_that_no_store_keeps_is_refused_by_its_field() {
    let (bad, terms, refund) = ("a\0b", Terms::default(), RefundId::from_uuid(ID));
    let start = || StartPayment::new(PAYMENT, RESERVATION, ADA, terms);
    let cases: [(AnyCommand, &str); 8] = [
        (start().through(bad, "card").into(), "gateway"),
        (start().through("test", bad).into(), "method"),
        (BeginConfirm::new(PAYMENT, ADA).with_provider_key(bad).into(), "provider_key"),
        (BeginRefund::new(PAYMENT, refund, bad).into(), "reason"),
        (NotePayment::new(PAYMENT, bad, "paid out", Settles::Yes).into(), "author"),
        (NotePayment::new(PAYMENT, "Kim", bad, Settles::Yes).into(), "note"),
        (EndPayment::new(PAYMENT, bad, "silent").into(), "author"),
        (EndPayment::new(PAYMENT, "Kim", bad).into(), "reason"),
    ];
    for (command, field) in cases {
        assert_eq!(command.check_texts().unwrap_err().field, field, "{}", command.name());
    }
    for command in one_of_each() {
        assert!(command.check_texts().is_ok(), "{}", command.name());
    }
}
