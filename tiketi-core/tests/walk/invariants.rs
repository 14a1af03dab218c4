//! The invariants, checked on the shop's rows after every step.
//!
//! Each check was seen to fail when the rule that it guards was broken; its comment names how.

use std::collections::HashMap;

use tiketi_core::decide::Scope;
use tiketi_core::{
    Money, Payment, Refund, Reservation, ReservationState, SeatId, SeatState, TicketTypeId, Timestamp,
    audit::audit,
    payment::{RefundState, RefundTickets},
    ticket_type::{Stock, TicketKind},
};

use crate::book::{CAP, LIMIT, MINUTE, Progress, WINDOW};
use crate::model::Model;
use crate::rows::Rows;
use crate::shop::{TestShop, buyer_id, micros, moment, payment_id, won};
use crate::step::{Ask, BUYERS, Said, Step};

pub(crate) fn check(shop: &TestShop) {
    let rows = Rows::of(&shop.snapshot);
    let now = shop.now;
    each_seat_has_at_most_one_live_owner(&rows, now);
    stock_is_what_is_held_sold_and_blocked(shop, &rows);
    sold_means_paid_or_free(&rows);
    money_kept_is_the_price_of_what_is_owned(&rows, shop);
    no_buyer_has_more_than_the_limit(&rows);
    no_hold_outlasts_its_cap(&rows);
    the_audit_finds_nothing(shop);
}

/// Returns whether a reservation is a hold that has not ended, is being paid for, or is confirmed.
fn owns(reservation: &Reservation, now: Timestamp) -> bool {
    reservation.is_live() && !reservation.is_due_at(now)
}

/// Fails if `wanted_seats` and `SeatState` permit a second hold of a held seat, if `give_back` does not release
/// seats, if `move_end` does not extend the seats, or if `expire` releases a seat that another reservation took
/// over.
fn each_seat_has_at_most_one_live_owner(rows: &Rows, now: Timestamp) {
    let mut owners: HashMap<SeatId, &Reservation> = HashMap::new();
    for reservation in rows.reservations.values().filter(|reservation| owns(reservation, now)) {
        for line in &reservation.seats {
            let other = owners.insert(line.seat, reservation);
            assert!(other.is_none(), "{} has two owners: {other:?} and {reservation:?}", line.label);
        }
    }
    for seat in &rows.seats {
        let label = &seat.place.label;
        match owners.get(&seat.id) {
            None => assert!(
                seat.is_available_at(now) || matches!(seat.state, SeatState::Blocked { .. }),
                "{label} is {:?}, but nobody's",
                seat.state
            ),
            Some(owner) => assert_eq!(seat.state, seat_state_of(owner), "{label} of {owner:?}"),
        }
    }
}

/// Returns the state that all seats of a reservation must have.
fn seat_state_of(owner: &Reservation) -> SeatState {
    let reservation = owner.id;
    match owner.state {
        ReservationState::Held { until } => SeatState::Held { reservation, until },
        ReservationState::Paying { .. } => SeatState::Held { reservation, until: Timestamp::FAR_FUTURE },
        ReservationState::Confirmed { .. } => SeatState::Sold { reservation },
        ReservationState::Expired { .. } | ReservationState::Cancelled { .. } => SeatState::Available,
    }
}

/// Fails if `sell` leaves out `items`, or if neither `wanted_items` nor `Stock::is_sound` checks the stock.
fn stock_is_what_is_held_sold_and_blocked(shop: &TestShop, rows: &Rows) {
    for ticket_type in shop.snapshot.ticket_types() {
        let stock = ticket_type.stock;
        let derived = match ticket_type.kind {
            TicketKind::Seated { .. } => seats_counted(rows, ticket_type.id),
            TicketKind::GeneralAdmission => units_counted(rows, ticket_type.id),
        };
        let derived = Stock { capacity: stock.capacity, ..derived };
        assert_eq!(stock, derived, "the counter of {} is not what its rows say", ticket_type.name);
        let taken = stock.held + stock.sold + stock.blocked;
        assert!(taken <= stock.capacity, "{} is oversold: {stock:?}", ticket_type.name);
    }
}

fn seats_counted(rows: &Rows, of: TicketTypeId) -> Stock {
    let mut stock = Stock::default();
    for seat in rows.seats.iter().filter(|seat| seat.ticket_type == of) {
        match seat.state {
            SeatState::Available => {}
            SeatState::Held { .. } => stock.held += 1,
            SeatState::Sold { .. } => stock.sold += 1,
            SeatState::Blocked { .. } => stock.blocked += 1,
        }
    }
    stock
}

fn units_counted(rows: &Rows, of: TicketTypeId) -> Stock {
    let mut stock = Stock::default();
    for reservation in rows.reservations.values() {
        let lines = reservation.items.iter().filter(|line| line.ticket_type == of);
        let units: u32 = lines.map(|line| line.quantity).sum();
        match reservation.state {
            ReservationState::Held { .. } | ReservationState::Paying { .. } => stock.held += units,
            ReservationState::Confirmed { .. } => stock.sold += units,
            ReservationState::Expired { .. } | ReservationState::Cancelled { .. } => {}
        }
    }
    stock
}

/// Fails if `ConfirmFree` does not check the total.
fn sold_means_paid_or_free(rows: &Rows) {
    let confirmed =
        |reservation: &&Reservation| matches!(reservation.state, ReservationState::Confirmed { .. });
    for reservation in rows.reservations.values().filter(confirmed) {
        let payment = reservation.payment.map(|payment| &rows.payments[&payment]);
        let paid =
            payment.is_some_and(|payment| payment.reservation == reservation.id && payment.is_captured());
        assert!(paid || reservation.total.is_zero(), "sold and not paid: {reservation:?}");
    }
}

/// The captured and refunded amounts of provider and shop are equal. The amount that is kept is the price of the
/// tickets that the buyer owns, plus what the cancellation policy kept of returned tickets, minus waivers. Any
/// other amount is in a queued refund, or the payment needs attention.
///
/// Fails if `RecordOutcome` confirms a reservation for any captured amount, if `RecordRefund` does not add the
/// refunded amount, if `Fate::GiveBack` queues no refund, or if `take_back` leaves the tickets to the buyer.
fn money_kept_is_the_price_of_what_is_owned(rows: &Rows, shop: &TestShop) {
    for payment in rows.payments.values() {
        let ledger = shop.ledger.get(&payment.id).copied().unwrap_or_default();
        assert_eq!(payment.captured.map_or(0, Money::minor), ledger.taken, "{payment:?}");
        assert_eq!(payment.refunded, won(ledger.returned), "{payment:?}");
        let bought = &rows.reservations[&payment.reservation];
        let owned =
            matches!(bought.state, ReservationState::Confirmed { .. }) && bought.payment == Some(payment.id);
        let kept = ledger.taken - ledger.returned;
        if owned {
            let due = bought.total.minor() + policy_kept(payment) - waived(payment);
            assert_eq!(kept, due, "kept for {bought:?} by {payment:?}");
            continue;
        }
        let queued = payment.refunds.iter().any(|refund| matches!(refund.state, RefundState::Queued { .. }));
        assert!(
            kept <= policy_kept(payment).max(0) || queued || payment.needs_attention(),
            "kept for nothing: {payment:?}"
        );
    }
}

/// Returns what the cancellation policy kept of the prices of returned tickets.
fn policy_kept(payment: &Payment) -> i64 {
    let kept = |refund: &Refund| match (&refund.tickets, &refund.state) {
        (RefundTickets::Returned(returned), RefundState::Done { .. }) => {
            returned.price.minor() - refund.amount.minor()
        }
        _ => 0,
    };
    payment.refunds.iter().map(kept).sum()
}

fn waived(payment: &Payment) -> i64 {
    let waived = |refund: &Refund| match (&refund.tickets, &refund.state) {
        (RefundTickets::Kept, RefundState::Done { .. }) => refund.amount.minor(),
        _ => 0,
    };
    payment.refunds.iter().map(waived).sum()
}

/// Fails without `check_limit`.
fn no_buyer_has_more_than_the_limit(rows: &Rows) {
    for buyer in BUYERS {
        let own = rows.reservations.values().filter(|reservation| reservation.buyer == buyer_id(buyer));
        let tickets: u32 = own.filter(|reservation| has(reservation)).map(Reservation::tickets).sum();
        assert!(tickets <= LIMIT, "{buyer:?} has {tickets} tickets");
    }
}

/// Returns whether a reservation counts against the limit, independently of `Reservation::is_live`.
fn has(reservation: &Reservation) -> bool {
    !matches!(reservation.state, ReservationState::Expired { .. } | ReservationState::Cancelled { .. })
}

/// Fails without `.min(cap)` in `renewed_until`, or if every attempt gets a payment window.
fn no_hold_outlasts_its_cap(rows: &Rows) {
    for reservation in rows.reservations.values() {
        let attempts = rows.payments.values().filter(|payment| payment.reservation == reservation.id);
        let first_prepared = attempts.map(|payment| payment.created_at).min();
        let cap = reservation.held_since.after(micros(CAP));
        let latest = first_prepared.map_or(cap, |prepared| cap.max(prepared.after(micros(WINDOW))));
        let until = reservation.held_until().unwrap_or(latest);
        assert!(until <= latest, "held beyond {latest}: {reservation:?}");
    }
}

/// The audit finds no violation in a shop that runs `tidy` before each command.
///
/// Fails, without help of the other checks, if `sell` leaves out the units.
fn the_audit_finds_nothing(shop: &TestShop) {
    if shop.tidies {
        assert_eq!(audit(&shop.snapshot), [], "the audit of the rows");
    }
}

fn send_what_is_owed(shop: &mut TestShop, model: &Model) {
    let reservations = if model.called_off { 0..model.bookings.len() } else { 0..0 };
    for of in reservations {
        assert!(shop.take(&Step::CallOff { of }, model.now), "R{of} cannot be called off");
    }
    for attempt in 0..model.attempts.len() {
        if shop.snapshot.payment(payment_id(attempt)).unwrap().queued_refund().is_some() {
            let step = Step::RefundEnds { attempt, done: true };
            assert!(shop.take(&step, model.now), "{step:?} cannot be recorded");
        }
    }
}

/// Once every outcome is known and time has passed, no reservation is pending, and money without tickets is
/// refunded. After a call-off, all money is refunded.
///
/// Fails if `RecordOutcome` does not resume the hold of a declined buyer, even without the comparison with the
/// model.
pub(crate) fn check_that_everything_ends(mut shop: TestShop, model: &Model) {
    for (attempt, known) in model.attempts.iter().enumerate() {
        if known.progress == Progress::Confirming {
            let said = if attempt % 2 == 0 { Said::Paid } else { Said::Declined };
            let step = Step::Outcome { attempt, said };
            assert!(shop.take(&step, model.now), "{step:?} cannot be recorded");
        }
    }
    // A queued partial refund is sent first, and the rest in the second round.
    for _ in 0..2 {
        send_what_is_owed(&mut shop, model);
    }
    shop.tidy(moment(model.now + 60 * MINUTE));
    for attempt in 0..model.attempts.len() {
        for how in [Ask::GiveUp, Ask::DepositBack] {
            shop.take(&Step::ScheduleReconciliation { attempt, how }, model.now + 60 * MINUTE);
        }
    }
    check(&shop);
    let rows = Rows::of(&shop.snapshot);
    for reservation in rows.reservations.values() {
        let ended =
            !matches!(reservation.state, ReservationState::Held { .. } | ReservationState::Paying { .. });
        assert!(ended, "never ends: {reservation:?}");
        let kept = matches!(reservation.state, ReservationState::Confirmed { .. });
        let refused = reservation.payment.is_some_and(|id| rows.payments[&id].is_call_off_refused());
        assert!(!(model.called_off && kept) || refused, "not refunded: {reservation:?}");
    }
    for payment in rows.payments.values() {
        assert!(
            payment.queued_refund().is_none() && payment.reconciliation.is_none(),
            "still awaited: {payment:?}"
        );
    }
}
