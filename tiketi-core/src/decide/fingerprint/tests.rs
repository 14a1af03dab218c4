use std::collections::HashSet;

use super::*;
use crate::decide::fixture::{ADA, BEN, Show, won};
use crate::decide::scope::Scope;
use crate::decide::{
    AddTicketType, BeginConfirm, BeginRefund, CallOff, Cancel, CaptureOutcome, Command, ConfirmFree,
    CreateLayout, Creation, EndPayment, ExtendHold, Hold, NotePayment, ReconcileStep, RecordOutcome,
    RecordRefund, RefundOutcome, Release, ScheduleReconciliation, StartPayment,
};
use crate::gateway::Captured;
use crate::id::{CommandKey, EventId, LayoutId, PaymentId, RefundId, ReservationId};
use crate::payment::Settles;
use crate::seat_layout::{Row, SeatLayout, Section, StoredLayout};
use crate::terms::Terms;
use crate::time::Timestamp;

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
        ExtendHold::new(RESERVATION, BEN, terms).fingerprint(),
        release().fingerprint(),
        release().only([]).fingerprint(),
        release().only([show.seats[0]]).fingerprint(),
        Cancel::by_buyer(RESERVATION, ADA).fingerprint(),
        Cancel::by_organiser(RESERVATION).fingerprint(),
        ConfirmFree::new(RESERVATION, ADA).fingerprint(),
        ConfirmFree::new(RESERVATION, BEN).fingerprint(),
        CallOff::new(RESERVATION).fingerprint(),
        CallOff::new(ReservationId::from_uuid(B)).fingerprint(),
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

/// The same for the commands of staff and of the jobs.
fn intents_of_staff(show: &Show) -> Vec<u128> {
    let schedule = |step| ScheduleReconciliation::new(PAYMENT, step).fingerprint();
    let note =
        |author: &str, text: &str, settles| NotePayment::new(PAYMENT, author, text, settles).fingerprint();
    let end = |author: &str, reason: &str| EndPayment::new(PAYMENT, author, reason).fingerprint();
    let wait = |micros| ReconcileStep::Wait { until: Timestamp::from_micros(micros) };
    let doubt = |answer: &str| ReconcileStep::Inconclusive { answer: answer.into() };
    let layout = |name: &str, row: &str, price| {
        let section = Section::new("R", won(price)).row(Row::numbered(row, 2));
        let layout = SeatLayout::new("Harbour Hall", name).section(section);
        let stored = StoredLayout { id: LayoutId::from_uuid(A), layout, created_at: Timestamp::EPOCH };
        CreateLayout::new(Timestamp::EPOCH, CommandKey::from_uuid(A), stored).fingerprint()
    };
    let ticket_type = |price, capacity| {
        let mut made = show.snapshot.ticket_type(show.standing).unwrap().clone();
        (made.price, made.stock.capacity) = (won(price), capacity);
        AddTicketType::new(Timestamp::EPOCH, CommandKey::from_uuid(A), made).fingerprint()
    };
    vec![
        ticket_type(30, 5),
        ticket_type(31, 5),
        ticket_type(30, 6),
        schedule(ReconcileStep::Claim { tries: 1 }),
        schedule(ReconcileStep::Claim { tries: 2 }),
        schedule(doubt("HTTP 500")),
        schedule(doubt("HTTP 502")),
        schedule(ReconcileStep::NotKnown),
        schedule(wait(1)),
        schedule(wait(2)),
        schedule(ReconcileStep::DepositBack),
        schedule(ReconcileStep::GiveUp),
        note("Kim", "paid out", Settles::Yes),
        note("Kim", "paid out", Settles::No),
        note("Kim", "paid", Settles::Yes),
        note("Lee", "paid out", Settles::Yes),
        end("Kim", "silent"),
        end("Kim", "closed"),
        end("Lee", "silent"),
        layout("Studio", "A", 1),
        layout("Floor", "A", 1),
        layout("Studio", "B", 1),
        layout("Studio", "A", 2),
    ]
}

#[test]
fn commands_of_other_content_have_other_fingerprints() {
    let show = Show::open();
    let all = [intents(&show), intents_of_staff(&show)].concat();
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
