//! Edits of events and ticket types that do not affect what buyers have.

use crate::catalog::{CatalogError, TicketTypeInput, check_details, check_ticket_type};
use crate::event::{Event, EventDetails};
use crate::ticket_type::{Stock, TicketKind, TicketType};

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
    /// The new content is not valid.
    #[error(transparent)]
    Invalid(#[from] CatalogError),
}

/// Decides an event's row after an edit of its details.
///
/// # Errors
///
/// [`EditRefused::VersionMismatch`] if `read_version` is given and is not the present one,
/// [`EditRefused::Invalid`] if the details are not valid.
pub fn edit_details(
    event: &Event,
    details: EventDetails,
    read_version: Option<u64>,
) -> Result<Event, EditRefused> {
    if read_version.is_some_and(|read| read != event.version) {
        return Err(EditRefused::VersionMismatch { version: event.version });
    }
    check_details(&details)?;
    Ok(Event { details, version: event.version + 1, ..event.clone() })
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
    use super::*;
    use crate::decide::fixture::{ADA, Show, at, won};
    use crate::decide::{Command, Scope};

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
