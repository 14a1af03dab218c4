//! Sales: holding, extending and releasing tickets.

use crate::box_office::BoxOffice;
use crate::decide::{
    Cancel, CancelRefused, ExtendHold, ExtendRefused, Hold, HoldRefused, Release, ReleaseRefused,
};
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, CommandKey, EventId, ReservationId, SeatId, TicketTypeId};
use crate::metadata::Metadata;
use crate::reservation::Reservation;
use crate::store::{Page, PageRequest, ReservationKey, ReservationQuery};
use crate::waiting_room::AdmissionPass;

/// The tickets that a buyer wants to hold.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HoldRequest {
    /// The event.
    pub event: EventId,
    /// The buyer.
    pub buyer: BuyerId,
    /// The seats.
    pub seats: Vec<SeatId>,
    /// The general-admission units, by ticket type.
    pub items: Vec<(TicketTypeId, u32)>,
    /// The host's own data for the reservation; `None` keeps what a held reservation has.
    pub metadata: Option<Metadata>,
    /// The key under which the hold takes effect at most once.
    pub key: Option<CommandKey>,
    /// The buyer's admission pass; an event with a waiting room requires one.
    pub pass: Option<AdmissionPass>,
}

impl HoldRequest {
    /// Makes an empty request.
    pub fn new(event: EventId, buyer: BuyerId) -> Self {
        let (seats, items, metadata) = (Vec::new(), Vec::new(), None);
        Self { event, buyer, seats, items, metadata, key: None, pass: None }
    }

    /// Adds seats.
    #[must_use]
    pub fn seats(mut self, seats: impl IntoIterator<Item = SeatId>) -> Self {
        self.seats.extend(seats);
        self
    }

    /// Adds `quantity` units of a general-admission ticket type.
    #[must_use]
    pub fn item(mut self, ticket_type: TicketTypeId, quantity: u32) -> Self {
        self.items.push((ticket_type, quantity));
        self
    }

    /// Sets the host's own data for the reservation, and replaces what a held reservation has.
    #[must_use]
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Makes the hold take effect at most once under a key.
    #[must_use]
    pub fn key(mut self, key: CommandKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Shows the buyer's admission pass.
    #[must_use]
    pub fn pass(mut self, pass: AdmissionPass) -> Self {
        self.pass = Some(pass);
        self
    }
}

/// Handle for what buyers do before they pay: hold, extend, release, cancel.
///
/// [`BoxOffice::sales`] makes it; it is cheap to make and to clone. A buyer has at most one held reservation of an
/// event, and only its buyer can change or read it here.
///
/// ```
/// # use tiketi_core::{BoxOffice, BuyerId, EventId, HoldRequest, SeatId};
/// # async fn select_seats(
/// #     shop: BoxOffice, event: EventId, buyer: BuyerId, seats: [SeatId; 2],
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let sales = shop.sales();
/// let held = sales.hold(HoldRequest::new(event, buyer).seats(seats)).await?;
/// let extended = sales.extend_hold(held.id, buyer, None).await?;
/// let smaller = sales.release(extended.id, buyer, Some(vec![seats[0]]), None).await?;
/// assert_eq!(smaller.seats.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Sales {
    pub(super) office: BoxOffice,
}

impl Sales {
    /// Holds seats, units or both.
    ///
    /// It holds all of them, or none and names every obstacle. If the buyer has a held reservation of the event, the
    /// tickets are added to it.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with a [`HoldRefused`], such as [`HoldRefused::SeatsTaken`].
    pub async fn hold(&self, request: HoldRequest) -> Result<Reservation, CommandError<HoldRefused>> {
        let key = self.office.key_or_new(request.key);
        let id = ReservationId::from_uuid(self.office.new_id());
        let mut command = Hold::new(request.event, request.buyer, id, self.office.terms());
        command.seats = request.seats;
        command.items = request.items;
        command.metadata = request.metadata;
        let admission = &self.office.inner.admission_key;
        command.admitted =
            request.pass.and_then(|pass| admission.verify(&pass, request.event, request.buyer));
        if !self.office.inner.load.is_wanted() {
            return Ok(self.office.execute(key, command).await?.reservation);
        }
        let started = self.office.now();
        let held = self.office.execute(key, command).await;
        self.office.inner.load.record(self.office.now().since(started), held.as_ref().err());
        Ok(held?.reservation)
    }

    /// Extends a hold while its buyer selects tickets.
    ///
    /// A hold never lasts beyond [`crate::Terms::hold_cap`].
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
        let command = ExtendHold::new(reservation, buyer, self.office.terms());
        Ok(self.office.execute(self.office.key_or_new(key), command).await?.reservation)
    }

    /// Releases seats of a held reservation, or everything with `None`.
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
        let mut command = Release::all(reservation, buyer);
        command.seats = seats;
        Ok(self.office.execute(self.office.key_or_new(key), command).await?.reservation)
    }

    /// Cancels a buyer's reservation that is held or free of charge.
    ///
    /// [`Payments::cancel_or_refund`](crate::box_office::Payments::cancel_or_refund) cancels a paid one, too.
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
        let command = Cancel::by_buyer(reservation, buyer);
        let cancelled = self.office.execute(self.office.key_or_new(key), command).await?.reservation;
        self.office.end_session(&cancelled).await;
        Ok(cancelled)
    }

    /// Returns a reservation if it belongs to this buyer.
    pub async fn reservation(
        &self,
        id: ReservationId,
        buyer: BuyerId,
    ) -> Result<Option<Reservation>, StoreError> {
        let found = self.office.inner.sales.reservation(id).await?;
        Ok(found.filter(|reservation| reservation.buyer == buyer))
    }

    /// Returns a buyer's reservations of one event or of all, the newest first.
    pub async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError> {
        self.office.inner.sales.reservations_of(buyer, event, page).await
    }

    /// Returns a buyer's reservations that are older than one, the newest first, at most `size`.
    ///
    /// Its cost does not depend on how many newer ones there are. They are not counted: the total is that of the page,
    /// or one more if others follow.
    pub async fn reservations_before(
        &self,
        buyer: BuyerId,
        before: ReservationKey,
        size: u32,
    ) -> Result<Page<Reservation>, StoreError> {
        let mut query = ReservationQuery::newest(size.saturating_add(1));
        (query.buyer, query.before) = (Some(buyer), before);
        let mut rows = self.office.inner.sales.list_reservations(query).await?;
        let (total, size) = (rows.len() as u64, usize::try_from(size).unwrap_or(usize::MAX));
        let has_more = rows.len() > size;
        rows.truncate(size);
        Ok(Page { rows, total, is_total_exact: !has_more, has_more })
    }
}
