//! Takes returned tickets from a confirmed reservation.

use crate::decide::change_builder::ChangeBuilder;
use crate::decide::effects::end_reservation::{end_refunded, take_seats};
use crate::decide::stock::StockBucket;
use crate::error::StoreError;
use crate::payment::{ReturnedItem, ReturnedTickets};
use crate::reservation::{ItemLine, Reservation, SeatLine};
use crate::terms::RefundedSeats;
use crate::time::Timestamp;

/// Takes tickets from a confirmed reservation; it ends with the last of them.
pub(in crate::decide) fn take_back(
    change: &mut ChangeBuilder<'_>,
    reservation: &Reservation,
    returned: &ReturnedTickets,
    seats: RefundedSeats,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (gone, stays) = split(reservation, returned)?;
    if stays.tickets() == 0 {
        return end_refunded(change, reservation, seats, now);
    }
    take_seats(change, reservation.id, &gone, seats)?;
    change.items(&gone_items(reservation, returned), StockBucket::Sold, StockBucket::Available)?;
    change.returned(stays, returned);
    Ok(())
}

/// Splits a reservation into the returned seats and the rest.
fn split(
    reservation: &Reservation,
    returned: &ReturnedTickets,
) -> Result<(Vec<SeatLine>, Reservation), StoreError> {
    let unsound =
        || StoreError::corrupt(format!("a refund takes back what {:?} does not own", reservation.id));
    let mut stays = reservation.clone();
    let goes = |line: &SeatLine| returned.seats.contains(&line.seat);
    let gone: Vec<SeatLine> = reservation.seats.iter().filter(|line| goes(line)).cloned().collect();
    stays.seats.retain(|line| !goes(line));
    if gone.len() != returned.seats.len() {
        return Err(unsound());
    }
    for item in &returned.items {
        let same =
            |line: &&mut ItemLine| line.ticket_type == item.ticket_type && line.unit_price == item.unit_price;
        let line = stays.items.iter_mut().find(same).ok_or_else(unsound)?;
        line.quantity = line.quantity.checked_sub(item.quantity).ok_or_else(unsound)?;
    }
    stays.items.retain(|line| line.quantity > 0);
    stays.total = stays.total.minus(returned.price)?;
    Ok((gone, stays))
}

/// Returns the returned units as lines.
fn gone_items(reservation: &Reservation, returned: &ReturnedTickets) -> Vec<ItemLine> {
    let line = |item: &ReturnedItem| {
        let same =
            |line: &&ItemLine| line.ticket_type == item.ticket_type && line.unit_price == item.unit_price;
        let known = reservation.items.iter().find(same)?;
        Some(ItemLine { quantity: item.quantity, ..known.clone() })
    };
    returned.items.iter().filter_map(line).collect()
}
