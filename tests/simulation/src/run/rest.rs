//! What must be true once faults have stopped and everything has come to rest.

use tiketi_core::live_seats::LiveSeats;
use tiketi_core::payment::PaymentState;
use tiketi_core::store::{AuditReport, CatalogStore, OutboxStore, WaitingRoomStore};
use tiketi_core::{Payment, Reservation, ReservationState};

use crate::seams::at_once;
use crate::story::Short;
use crate::world::World;

/// Returns what has not come to rest yet.
pub(super) fn unrest(world: &World) -> Option<String> {
    let history = world.history();
    let pending = |row: &&Reservation| {
        matches!(row.state, ReservationState::Held { .. } | ReservationState::Paying { .. })
    };
    if let Some(row) = history.reservations().find(pending) {
        return Some(format!("reservation {} is {:?}", Short(row.id.as_uuid()), row.state));
    }
    let open = |row: &&Payment| {
        matches!(row.state, PaymentState::Confirming { .. } | PaymentState::Ready)
            || row.reconciliation.is_some()
            || row.queued_refund().is_some()
    };
    if let Some(row) = history.payments().find(open) {
        return Some(format!(
            "payment {} is {:?}, {:?}",
            Short(row.id.as_uuid()),
            row.state,
            row.reconciliation
        ));
    }
    drop(history);
    let waiting = at_once(world.store.subscribers()).ok()?.iter().map(|it| it.waiting).sum::<u64>();
    if waiting > 0 {
        return Some(format!("{waiting} facts wait for their subscriber"));
    }
    line_waits(world).or_else(|| differing_books(world))
}

/// Returns what waits in the line, unless nothing is left to sell to those who wait.
fn line_waits(world: &World) -> Option<String> {
    let event = world.event()?;
    let room = at_once(world.rooms.room(event)).ok()??;
    let view = at_once(world.store.event(event)).ok()??;
    let is_over = world.now() >= view.event.details.sale.closes_at()
        || matches!(view.event.state, tiketi_core::event::EventState::Cancelled { .. });
    if is_over || room.is_paused() || room.live() == 0 {
        return None;
    }
    Some(format!("{} buyers wait and {} are called or active", room.waiting(), room.in_flight()))
}

/// Returns a payment about which the shop and the provider differ, or whose deposit is not back yet.
fn differing_books(world: &World) -> Option<String> {
    let (history, provider) = (world.history(), world.provider());
    for (id, book) in provider.books() {
        if book.is_withdrawn {
            return Some(format!("the deposit of payment {} is withdrawn", Short(id.as_uuid())));
        }
        let row = history.payments().find(|row| row.id == id);
        let captured = row.and_then(|row| row.captured).map_or(0, tiketi_core::Money::minor);
        let refunded = row.map_or(0, |row| row.refunded.minor());
        if captured != book.taken_minor() || refunded != book.returned() {
            let name = Short(id.as_uuid());
            return Some(format!(
                "payment {name}: the shop has {captured} captured and {refunded} refunded, the provider {book:?}"
            ));
        }
    }
    None
}

/// Checks everything at the end of a run.
pub(super) fn check(world: &World) -> Result<(), String> {
    if world.broken().is_some() {
        return Ok(());
    }
    if let Some(why) = unrest(world) {
        return Err(format!("an hour after faults stopped: {why}"));
    }
    let report = at_once(AuditReport::of(&world.store)).map_err(|error| error.to_string())?;
    if let Some((_, violation)) = report.violations.first() {
        return Err(format!("the audit finds: {violation}"));
    }
    world.history().check_received()?;
    check_owed(world)?;
    check_page(world)
}

/// Checks that each buyer's money is the price of what the buyer owns, or that staff see that it is not.
fn check_owed(world: &World) -> Result<(), String> {
    let (history, provider) = (world.history(), world.provider());
    for reservation in history.reservations() {
        let of: Vec<&Payment> = history.payments().filter(|row| row.reservation == reservation.id).collect();
        let left: i64 = of.iter().map(|row| provider.book(row.id).left()).sum();
        let owned = match reservation.state {
            ReservationState::Confirmed { .. } => reservation.total.minor(),
            _ => 0,
        };
        let is_seen = of.iter().any(|row| row.needs_attention());
        if left != owned && !is_seen {
            let name = Short(reservation.id.as_uuid());
            return Err(format!(
                "reservation {name} owns tickets for {owned}, the provider has {left}, and no one is told: {of:?}"
            ));
        }
    }
    Ok(())
}

/// Checks that the page that followed the changes shows the store's state.
pub(super) fn check_page(world: &World) -> Result<(), String> {
    let (Some(event), Some(shown)) = (world.event(), world.history().shown().cloned()) else { return Ok(()) };
    let map = at_once(world.store.seat_map(event, 0)).map_err(|error| error.to_string())?;
    let Some(map) = map else { return Ok(()) };
    let stored = LiveSeats::of(&map, world.now());
    let differs =
        |(shown, stored): (&tiketi_core::live_seats::LiveSeat, &tiketi_core::live_seats::LiveSeat)| {
            shown.status_at(world.now()) != stored.status_at(world.now())
        };
    if shown.seats.iter().zip(stored.seats()).any(differs) {
        return Err("a page that follows the changes does not show the store's state".into());
    }
    Ok(())
}
