//! Edits of events and ticket types that do not affect what buyers have.

use crate::catalog::{CatalogError, TicketTypeInput, check_details, check_ticket_type};
use crate::event::{Event, EventDetails};
use crate::ticket_type::{Stock, TicketKind, TicketType};
use crate::waiting_room::{DrawBeacon, DrawPlan};

/// Why an edit is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditRefused {
    /// The event does not exist.
    #[error("there is no such event")]
    EventNotFound,
    /// The ticket type does not exist.
    #[error("there is no such ticket type")]
    TicketTypeNotFound,
    /// The event was changed since it was read.
    #[error("the event was changed in the meantime: read it again")]
    VersionMismatch {
        /// The present version.
        version: u64,
    },
    /// The event is published or cancelled already.
    #[error("the event's state does not allow that")]
    IllegalStep(#[from] crate::transition::IllegalTransition),
    /// There are or were reservations of what would be deleted.
    #[error("there are reservations of it")]
    HasReservations,
    /// The capacity would be less than what is held, sold and blocked.
    #[error("{taken} are held or sold: the capacity cannot be less")]
    CapacityBelowTaken {
        /// Units held, sold or blocked.
        taken: u32,
    },
    /// The seats of a section come from the layout; their number cannot be edited.
    #[error("the ticket type is sold by seat: its capacity is the number of its seats")]
    SoldBySeat,
    /// The hash of the waiting room's draw is public, and the edit would change what the order depends on.
    #[error(
        "the {what} of the draw cannot change, because its hash is public: keep it as it is, or cancel the event and create another one"
    )]
    DrawIsFixed {
        /// What would change: `fairness`, `seed`, `beacon` or `opens_at`.
        what: &'static str,
    },
    /// The new content is not valid.
    #[error(transparent)]
    Invalid(#[from] CatalogError),
}

/// Decides an event's row after an edit of its details.
///
/// # Errors
///
/// [`EditRefused::VersionMismatch`] if `read_version` is given and is not the present one,
/// [`EditRefused::Invalid`] if the details are not valid, [`EditRefused::DrawIsFixed`] if buyers can see the hash of a
/// draw that would change.
pub fn edit_details(
    event: &Event,
    details: EventDetails,
    read_version: Option<u64>,
) -> Result<Event, EditRefused> {
    if read_version.is_some_and(|read| read != event.version) {
        return Err(EditRefused::VersionMismatch { version: event.version });
    }
    check_details(&details)?;
    if event.is_public()
        && let Some(what) = changed_in_draw(&event.details, &details)
    {
        return Err(EditRefused::DrawIsFixed { what });
    }
    Ok(Event { details, version: event.version + 1, ..event.clone() })
}

/// Returns what an edit would change of that on which the order of a drawn lobby depends.
///
/// The organiser knows the seed. A seed, a beacon or an opening that could still change would let them choose among
/// many orders. The signature of the beacon's round may be added: it is the same for everyone.
fn changed_in_draw(known: &EventDetails, edited: &EventDetails) -> Option<&'static str> {
    let known_plan = known.waiting_room.fairness.plan()?;
    let Some(plan) = edited.waiting_room.fairness.plan() else { return Some("fairness") };
    let named = |beacon: &DrawBeacon| (beacon.chain, beacon.round);
    let signature = |plan: &DrawPlan| plan.beacon.and_then(|beacon| beacon.signature);
    let is_signature_kept = signature(known_plan).is_none_or(|known| signature(plan) == Some(known));
    if plan.seed != known_plan.seed {
        Some("seed")
    } else if plan.beacon.as_ref().map(named) != known_plan.beacon.as_ref().map(named) || !is_signature_kept {
        Some("beacon")
    } else if edited.line_opens_at() != known.line_opens_at() {
        Some("opens_at")
    } else {
        None
    }
}

/// Decides a ticket type's row after an edit of its name, price or capacity.
///
/// # Errors
///
/// [`EditRefused::CapacityBelowTaken`], [`EditRefused::SoldBySeat`] if a section's capacity would
/// change, [`EditRefused::Invalid`] for a bad name, price or currency.
pub fn edit_ticket_type(
    event: &Event,
    ticket_type: &TicketType,
    edit: &TicketTypeInput,
) -> Result<TicketType, EditRefused> {
    check_ticket_type(edit, event.currency)?;
    let seated = matches!(ticket_type.kind, TicketKind::Seated { .. });
    if seated && edit.capacity != ticket_type.stock.capacity {
        return Err(EditRefused::SoldBySeat);
    }
    let stock = Stock { capacity: edit.capacity, ..ticket_type.stock };
    if !stock.is_sound() {
        return Err(EditRefused::CapacityBelowTaken { taken: stock.taken() });
    }
    Ok(TicketType { name: edit.name.clone(), price: edit.price, stock, ..ticket_type.clone() })
}

/// Decides whether a ticket type may be deleted.
///
/// # Errors
///
/// [`EditRefused::SoldBySeat`] for a section, [`EditRefused::HasReservations`] if any unit is held or sold.
pub fn remove_ticket_type(ticket_type: &TicketType) -> Result<(), EditRefused> {
    if matches!(ticket_type.kind, TicketKind::Seated { .. }) {
        return Err(EditRefused::SoldBySeat);
    }
    if ticket_type.stock.taken() > 0 { Err(EditRefused::HasReservations) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::decide::fixture::{ADA, Show, at, won};
    use crate::decide::{Command, Scope};
    use crate::event::EventState;
    use crate::time::SaleWindow;
    use crate::waiting_room::{BeaconChain, BeaconSignature, DrawSeed, Fairness, RoomPolicy};

    fn edit(capacity: u32) -> TicketTypeInput {
        TicketTypeInput { name: "Standing".into(), price: won(50), capacity }
    }

    /// A ticket type of which two of five general-admission units are held.
    fn show() -> Show {
        let mut show = Show::open();
        let ask = show.hold(ADA, &[]).item(show.standing, 2).at(at(0), show.key());
        show.accept(&ask);
        show
    }

    #[test]
    fn a_capacity_goes_down_to_what_is_taken_and_no_further() {
        let show = show();
        let standing = show.snapshot.ticket_type(show.standing).unwrap();
        let edited = edit_ticket_type(show.snapshot.event(), standing, &edit(2)).unwrap();
        assert_eq!((edited.stock.capacity, edited.stock.available()), (2, 0));
        let refused = edit_ticket_type(show.snapshot.event(), standing, &edit(1));
        assert_eq!(refused, Err(EditRefused::CapacityBelowTaken { taken: 2 }));
    }

    #[test]
    fn a_section_keeps_its_capacity_and_cannot_be_removed() {
        let show = show();
        let stalls = show.snapshot.ticket_type(show.stalls).unwrap();
        assert!(edit_ticket_type(show.snapshot.event(), stalls, &edit(6)).is_ok());
        let refused = edit_ticket_type(show.snapshot.event(), stalls, &edit(7));
        assert_eq!(refused, Err(EditRefused::SoldBySeat));
        assert_eq!(remove_ticket_type(stalls), Err(EditRefused::SoldBySeat));
    }

    #[test]
    fn a_held_ticket_type_is_not_removed() {
        let show = show();
        let standing = show.snapshot.ticket_type(show.standing).unwrap();
        assert_eq!(remove_ticket_type(standing), Err(EditRefused::HasReservations));
        let free = show.snapshot.ticket_type(show.free).unwrap();
        assert_eq!(remove_ticket_type(free), Ok(()));
    }

    #[test]
    fn an_edit_of_an_outdated_version_is_refused_with_the_present_one() {
        let show = show();
        let event = show.snapshot.event();
        let edited = edit_details(event, event.details.clone(), Some(event.version)).unwrap();
        assert_eq!(edited.version, event.version + 1);
        let refused = edit_details(&edited, event.details.clone(), Some(event.version));
        assert_eq!(refused, Err(EditRefused::VersionMismatch { version: edited.version }));
    }

    /// A published event whose lobby is drawn, with a round of a beacon, at the opening of the sale.
    fn drawn() -> Event {
        let event = show().snapshot.event().clone();
        let beacon = DrawBeacon { chain: BeaconChain::from_bytes([5; 32]), round: 9, signature: None };
        let plan = DrawPlan { beacon: Some(beacon), ..DrawPlan::of(DrawSeed::from_bytes([7; 32])) };
        let waiting_room = RoomPolicy { fairness: Fairness::Drawn(plan), ..RoomPolicy::default() };
        Event { details: EventDetails { waiting_room, ..event.details }, ..event }
    }

    /// Edits the policy of [`drawn`], and returns what is refused.
    fn refused(event: &Event, edit: impl FnOnce(&mut RoomPolicy, &mut DrawPlan)) -> Option<&'static str> {
        let mut details = event.details.clone();
        let Fairness::Drawn(mut plan) = details.waiting_room.fairness else { panic!("it is drawn") };
        edit(&mut details.waiting_room, &mut plan);
        if details.waiting_room.fairness != Fairness::FirstCome {
            details.waiting_room.fairness = Fairness::Drawn(plan);
        }
        match edit_details(event, details, None) {
            Ok(_) => None,
            Err(EditRefused::DrawIsFixed { what }) => Some(what),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn beacon(plan: &mut DrawPlan) -> &mut DrawBeacon {
        plan.beacon.as_mut().unwrap()
    }

    #[test]
    fn what_a_public_draw_depends_on_cannot_change() {
        let event = drawn();
        let later = event.details.sale.opens_at().after(Duration::from_secs(1));
        assert_eq!(refused(&event, |policy, _| policy.fairness = Fairness::FirstCome), Some("fairness"));
        assert_eq!(refused(&event, |_, plan| plan.seed = DrawSeed::from_bytes([8; 32])), Some("seed"));
        assert_eq!(refused(&event, |_, plan| plan.beacon = None), Some("beacon"));
        assert_eq!(refused(&event, |_, plan| beacon(plan).round = 10), Some("beacon"));
        let other = BeaconChain::from_bytes([6; 32]);
        assert_eq!(refused(&event, |_, plan| beacon(plan).chain = other), Some("beacon"));
        assert_eq!(refused(&event, |policy, _| policy.opens_at = Some(later)), Some("opens_at"));
    }

    #[test]
    fn the_sale_of_a_drawn_lobby_moves_only_if_the_opening_of_the_line_stays() {
        let event = drawn();
        let sale = event.details.sale;
        let moved = SaleWindow::new(sale.opens_at().after(Duration::from_secs(1)), sale.closes_at()).unwrap();
        let mut details = EventDetails { sale: moved, ..event.details.clone() };
        let refused = edit_details(&event, details.clone(), None);
        assert_eq!(refused, Err(EditRefused::DrawIsFixed { what: "opens_at" }));
        details.waiting_room.opens_at = Some(sale.opens_at());
        edit_details(&event, details, None).unwrap();
    }

    #[test]
    fn a_public_draw_allows_other_edits_and_the_signature_once() {
        let mut event = drawn();
        assert_eq!(refused(&event, |policy, _| policy.max_active = 7), None);
        let signature = |byte| Some(BeaconSignature::from_bytes([byte; 48]));
        assert_eq!(refused(&event, |_, plan| beacon(plan).signature = signature(1)), None);
        let Fairness::Drawn(plan) = &mut event.details.waiting_room.fairness else { panic!() };
        beacon(plan).signature = signature(1);
        assert_eq!(refused(&event, |_, plan| beacon(plan).signature = signature(2)), Some("beacon"));
        assert_eq!(refused(&event, |_, plan| beacon(plan).signature = None), Some("beacon"));
    }

    #[test]
    fn the_draw_of_a_draft_may_change() {
        let event = Event { state: EventState::Draft, ..drawn() };
        assert_eq!(refused(&event, |_, plan| plan.seed = DrawSeed::from_bytes([8; 32])), None);
        assert_eq!(refused(&event, |policy, _| policy.fairness = Fairness::FirstCome), None);
    }

    /// Held tickets keep their price when the ticket type changes.
    #[test]
    fn a_new_price_is_for_new_holds_only() {
        let mut show = show();
        let standing = show.snapshot.ticket_type(show.standing).unwrap();
        let edited = edit_ticket_type(show.snapshot.event(), standing, &edit(5)).unwrap();
        show.snapshot.put_ticket_type(edited);
        let ask = show.hold(ADA, &[]).item(show.standing, 1).at(at(1), show.key());
        let reservation = show.accept(&ask).reservation;
        assert_eq!(show.reservation(reservation).total, won(2 * 30 + 50));
    }
}
