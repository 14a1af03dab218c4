//! Holding, keeping and giving back.

use crate::box_office::BoxOffice;
use crate::decide::{
    Cancel, CancelRefused, ExtendHold, ExtendRefused, Hold, HoldRefused, Release, ReleaseRefused,
};
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, CommandKey, EventId, ReservationId, SeatId, TicketTypeId};
use crate::reservation::Reservation;
use crate::store::{Page, PageRequest};

/// What a buyer wants of an event.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HoldRequest {
    /// Of which event.
    pub event: EventId,
    /// For whom.
    pub buyer: BuyerId,
    /// The seats wanted.
    pub seats: Vec<SeatId>,
    /// The general-admission units wanted.
    pub items: Vec<(TicketTypeId, u32)>,
    /// The key under which it takes effect at most once.
    pub key: Option<CommandKey>,
}

impl HoldRequest {
    /// Asks for nothing yet.
    pub fn new(event: EventId, buyer: BuyerId) -> Self {
        Self { event, buyer, seats: Vec::new(), items: Vec::new(), key: None }
    }

    /// Asks for these seats.
    #[must_use]
    pub fn seats(mut self, seats: impl IntoIterator<Item = SeatId>) -> Self {
        self.seats.extend(seats);
        self
    }

    /// Asks for `quantity` units of a general-admission ticket type.
    #[must_use]
    pub fn item(mut self, ticket_type: TicketTypeId, quantity: u32) -> Self {
        self.items.push((ticket_type, quantity));
        self
    }

    /// Takes effect at most once under this key.
    #[must_use]
    pub fn key(mut self, key: CommandKey) -> Self {
        self.key = Some(key);
        self
    }
}

/// Handle for what buyers do before they pay: hold, extend, release, cancel, look up.
///
/// Made by [`BoxOffice::sales`]; cheap to make and to clone.
#[derive(Debug, Clone)]
pub struct Sales {
    pub(super) office: BoxOffice,
}

impl Sales {
    /// Holds seats, units or both: all of it, or nothing with every reason named.
    ///
    /// A buyer who has a pending reservation of the event adds to it.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with a [`HoldRefused`], such as [`HoldRefused::SeatsTaken`].
    pub async fn hold(&self, request: HoldRequest) -> Result<Reservation, CommandError<HoldRefused>> {
        let key = self.office.key_or_new(request.key);
        let id = ReservationId::from_uuid(self.office.new_id());
        let mut command =
            Hold::new(self.office.now(), key, request.event, request.buyer, id, self.office.terms());
        command.seats = request.seats;
        command.items = request.items;
        Ok(self.office.inner.sales.hold(command).await?.reservation)
    }

    /// Renews a hold, for a buyer who is still picking; it never lasts beyond [`crate::Terms::hold_cap`].
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with an [`ExtendRefused`], such as [`ExtendRefused::CapReached`].
    pub async fn extend_hold(
        &self,
        reservation: ReservationId,
        buyer: BuyerId,
        key: Option<CommandKey>,
    ) -> Result<Reservation, CommandError<ExtendRefused>> {
        let command = ExtendHold::new(
            self.office.now(),
            self.office.key_or_new(key),
            reservation,
            buyer,
            self.office.terms(),
        );
        Ok(self.office.inner.sales.extend_hold(command).await?.reservation)
    }

    /// Gives seats of a pending reservation back, or with `None` everything.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with a [`ReleaseRefused`], such as [`ReleaseRefused::NotInReservation`].
    pub async fn release(
        &self,
        reservation: ReservationId,
        buyer: BuyerId,
        seats: Option<Vec<SeatId>>,
        key: Option<CommandKey>,
    ) -> Result<Reservation, CommandError<ReleaseRefused>> {
        let mut command = Release::all(self.office.now(), self.office.key_or_new(key), reservation, buyer);
        command.seats = seats;
        Ok(self.office.inner.sales.release(command).await?.reservation)
    }

    /// Cancels a buyer's reservation for which no money is kept; see [`Payments::cancel_or_refund`](crate::box_office::Payments::cancel_or_refund) for any.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with a [`CancelRefused`], such as [`CancelRefused::Paid`].
    pub async fn cancel(
        &self,
        reservation: ReservationId,
        buyer: BuyerId,
        key: Option<CommandKey>,
    ) -> Result<Reservation, CommandError<CancelRefused>> {
        let command = Cancel::by_buyer(self.office.now(), self.office.key_or_new(key), reservation, buyer);
        Ok(self.office.inner.sales.cancel(command).await?.reservation)
    }

    /// Returns a reservation, if it is this buyer's.
    pub async fn reservation(
        &self,
        id: ReservationId,
        buyer: BuyerId,
    ) -> Result<Option<Reservation>, StoreError> {
        let found = self.office.inner.sales.reservation(id).await?;
        Ok(found.filter(|reservation| reservation.buyer == buyer))
    }

    /// Returns a buyer's reservations, of one event or of all, the newest first.
    pub async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError> {
        self.office.inner.sales.reservations_of(buyer, event, page).await
    }
}
