//! The promises, checked on the shop's rows after every step.
//!
//! Each check was seen to fail: the rule it guards was broken once, in the way its comment names.

use std::collections::HashMap;

use tiketi_core::decide::Scope;
use tiketi_core::{
    Money, PaymentState, Reservation, ReservationState, SeatId, SeatState, Stock, TicketKind, TicketTypeId,
    Timestamp, audit,
};

use crate::book::{CAP, LIMIT, MINUTE, Progress, WINDOW};
use crate::model::Model;
use crate::rows::Rows;
use crate::shop::{Shop, buyer_id, micros, moment, won};
use crate::step::{BUYERS, Said, Step};

pub(crate) fn check(shop: &Shop) {
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

/// A hold that has not lapsed, a payment under way, or a confirmed reservation.
fn owns(reservation: &Reservation, now: Timestamp) -> bool {
    reservation.is_live() && !reservation.is_due_at(now)
}

/// Caught: with `wanted_seats` and `SeatState` letting a held seat be held again, with `give_back` not
/// releasing, with `move_end` not extending the seats, and with `expire` freeing what another took over.
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

/// All seats of one reservation are in the same state, until the same moment.
fn seat_state_of(owner: &Reservation) -> SeatState {
    let reservation = owner.id;
    match owner.state {
        ReservationState::Held { until } => SeatState::Held { reservation, until },
        ReservationState::Paying { .. } => SeatState::Held { reservation, until: Timestamp::FAR_FUTURE },
        ReservationState::Confirmed { .. } => SeatState::Sold { reservation },
        ReservationState::Expired { .. } | ReservationState::Cancelled { .. } => SeatState::Available,
    }
}

/// Caught: with `items` of `sell` left out, and with neither `wanted_items` nor `Stock::is_sound` seeing a shortage.
fn stock_is_what_is_held_sold_and_blocked(shop: &Shop, rows: &Rows) {
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

/// Caught: with `ConfirmFree` not asking for the total, and with `end_refunded` left out.
fn sold_means_paid_or_free(rows: &Rows) {
    let confirmed =
        |reservation: &&Reservation| matches!(reservation.state, ReservationState::Confirmed { .. });
    for reservation in rows.reservations.values().filter(confirmed) {
        let payment = reservation.payment.map(|payment| &rows.payments[&payment]);
        let paid = payment.is_some_and(|payment| {
            payment.reservation == reservation.id
                && matches!(payment.state, PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. })
        });
        assert!(paid || reservation.total.is_zero(), "sold and not paid: {reservation:?}");
    }
}

/// What the provider took and did not give back is the price of what its payer owns, less what was
/// given back in part, or the payment is visibly stuck. A refund in the queue took nothing from anyone yet.
///
/// Caught: with `RecordOutcome` confirming whatever amount was taken, and with `RecordRefund` not adding
/// what went back.
fn money_kept_is_the_price_of_what_is_owned(rows: &Rows, shop: &Shop) {
    for payment in rows.payments.values() {
        let ledger = shop.ledger.get(&payment.id).copied().unwrap_or_default();
        let stuck = matches!(payment.state, PaymentState::Stuck { .. });
        let known = if payment.is_captured() { payment.amount.minor() } else { 0 };
        assert!(stuck || known == ledger.taken, "{} was taken for {payment:?}", ledger.taken);
        assert_eq!(payment.refunded, won(ledger.returned), "{payment:?}");
    }
    for reservation in rows.reservations.values() {
        let payments = rows.payments.values().filter(|payment| payment.reservation == reservation.id);
        let seen = payments.filter(|payment| !matches!(payment.state, PaymentState::Stuck { .. }));
        let ledgers = seen.filter_map(|payment| shop.ledger.get(&payment.id));
        let kept: i64 = ledgers.map(|ledger| ledger.taken - ledger.returned).sum();
        let confirmed = matches!(reservation.state, ReservationState::Confirmed { .. });
        let price = reservation.total.minus(given_back(rows, reservation)).unwrap();
        let owed = if confirmed { price } else { won(0) };
        assert_eq!(won(kept), owed, "kept for {reservation:?}");
    }
}

fn given_back(rows: &Rows, reservation: &Reservation) -> Money {
    reservation.payment.map_or(won(0), |payment| rows.payments[&payment].refunded)
}

/// Caught: with `check_limit` removed.
fn no_buyer_has_more_than_the_limit(rows: &Rows) {
    for buyer in BUYERS {
        let own = rows.reservations.values().filter(|reservation| reservation.buyer == buyer_id(buyer));
        let tickets: u32 = own.filter(|reservation| has(reservation)).map(Reservation::tickets).sum();
        assert!(tickets <= LIMIT, "{buyer:?} has {tickets} tickets");
    }
}

/// What counts against the limit, said without the help of `Reservation::is_live`.
fn has(reservation: &Reservation) -> bool {
    !matches!(reservation.state, ReservationState::Expired { .. } | ReservationState::Cancelled { .. })
}

/// Caught: with `.min(cap)` removed from `renewed_until`, and with the payment window granted each time.
fn no_hold_outlasts_its_cap(rows: &Rows) {
    for reservation in rows.reservations.values() {
        let attempts = rows.payments.values().filter(|payment| payment.reservation == reservation.id);
        let first_prepared = attempts.map(|payment| payment.created_at).min();
        let cap = reservation.created_at.after(micros(CAP));
        let latest = first_prepared.map_or(cap, |prepared| cap.max(prepared.after(micros(WINDOW))));
        let until = reservation.held_until().unwrap_or(latest);
        assert!(until <= latest, "held beyond {latest}: {reservation:?}");
    }
}

/// The audit's own idea of all this, of a shop that tidies as the contract demands.
///
/// Caught: with `sell` leaving out the units, and no other check here.
fn the_audit_finds_nothing(shop: &Shop) {
    if shop.tidies {
        assert_eq!(audit(&shop.snapshot), [], "the audit of the rows");
    }
}

/// Once every outcome is known and time has passed, nothing is pending, but for what a person must look at.
///
/// Caught: with `RecordOutcome` not resuming the hold of a declined buyer (and the model not asked).
pub(crate) fn check_that_everything_ends(mut shop: Shop, model: &Model) {
    for (attempt, known) in model.attempts.iter().enumerate() {
        let steps = [
            (known.progress == Progress::Confirming).then_some(Step::Outcome {
                attempt,
                said: if attempt % 2 == 0 { Said::Paid } else { Said::Declined },
            }),
            known.refund.map(|_| Step::RefundEnds { attempt, done: true }),
        ];
        for step in steps.into_iter().flatten() {
            assert!(shop.take(&step, model.now), "{step:?} cannot be recorded");
        }
    }
    shop.tidy(moment(model.now + 60 * MINUTE));
    let rows = Rows::of(&shop.snapshot);
    for reservation in rows.reservations.values() {
        let stuck = |payment| matches!(rows.payments[&payment].state, PaymentState::Stuck { .. });
        let ended =
            !matches!(reservation.state, ReservationState::Held { .. } | ReservationState::Paying { .. });
        assert!(ended || reservation.payment.is_some_and(stuck), "never ends: {reservation:?}");
    }
}
