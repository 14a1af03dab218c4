//! Lists of reservations for staff, with their payments.

use std::cmp::Reverse;

use crate::box_office::together::together;
use crate::box_office::{BoxOffice, Support};
use crate::error::StoreError;
use crate::id::{BuyerId, EventId, ReservationId};
use crate::payment::Payment;
use crate::reservation::{PaymentStatus, Reservation, ReservationNumber, ReservationStatus};
use crate::store::{ReservationKey, ReservationQuery};
use crate::time::Timestamp;

/// Most reservations that a page looks at. So its cost does not grow with the shop, however few reservations pass the
/// filter.
const MOST_EXAMINED: u32 = 1_000;

/// Most payments that a page reads at the same time.
const PAYMENTS_AT_ONCE: usize = 50;

/// What a list of reservations shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReservationFilter {
    /// Only those of this event; `None` for all.
    pub event: Option<EventId>,
    /// Only those of this buyer; `None` for all.
    pub buyer: Option<BuyerId>,
    /// Only those with this status; `None` for all.
    pub status: Option<ReservationStatus>,
    /// Only those whose payment has this status; `None` for all.
    pub payment_status: Option<PaymentStatus>,
    /// Only those that were held first at this moment or later.
    pub from: Option<Timestamp>,
    /// Only those that are older than this one.
    pub before: ReservationKey,
    /// Most reservations of the page, from 1 to [`crate::limits::MAX_PAGE`].
    pub limit: u32,
}

/// A reservation with its latest attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "rows that belong together")]
pub struct ListedReservation {
    /// The reservation.
    pub reservation: Reservation,
    /// The attempt; `None` before the first.
    pub payment: Option<Payment>,
}

/// A page of a list of reservations, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReservationPage {
    /// The reservations.
    pub rows: Vec<ListedReservation>,
    /// Where the list continues; `None` at its end. A page may have fewer rows than its limit, and none, before the end.
    pub next: Option<ReservationKey>,
}

impl ReservationFilter {
    /// Shows the newest reservations, at most `limit` a page.
    pub const fn newest(limit: u32) -> Self {
        Self {
            event: None,
            buyer: None,
            status: None,
            payment_status: None,
            from: None,
            before: ReservationKey::END,
            limit,
        }
    }

    fn query(&self) -> ReservationQuery {
        let mut query = ReservationQuery::newest(self.limit.max(1));
        (query.event, query.buyer, query.from) = (self.event, self.buyer, self.from);
        query.before = self.before;
        if let Some(status) = self.status {
            query.states = status.kinds().to_vec();
        }
        query
    }

    fn shows(&self, listed: &ListedReservation, now: Timestamp) -> bool {
        let ListedReservation { reservation, payment } = listed;
        self.status.is_none_or(|status| status == ReservationStatus::of(reservation, now))
            && self
                .payment_status
                .is_none_or(|status| status == PaymentStatus::of(reservation, payment.as_ref(), now))
    }
}

impl Support {
    /// Returns a reservation of any buyer.
    pub async fn any_reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        self.office.inner.sales.reservation(id).await
    }

    /// Returns the reservation with a number.
    pub async fn reservation_numbered(
        &self,
        number: ReservationNumber,
    ) -> Result<Option<ListedReservation>, StoreError> {
        match self.office.inner.sales.reservation_numbered(number).await? {
            Some(found) => self.office.with_its_payment(found).await.map(Some),
            None => Ok(None),
        }
    }

    /// Returns a page of reservations, the newest first.
    ///
    /// Event, buyer, status and time are found by an index. The status of the payment is looked at row by row: a page
    /// looks at about 1,000 reservations at most, and says where it stopped.
    pub async fn reservations(&self, filter: &ReservationFilter) -> Result<ReservationPage, StoreError> {
        let (now, mut query) = (self.office.now(), filter.query());
        let (mut rows, mut examined) = (Vec::new(), 0);
        loop {
            let found = self.office.inner.sales.list_reservations(query.clone()).await?;
            let is_last = found.len() < query.limit as usize;
            examined += query.limit;
            let read = found.into_iter().map(|found| self.office.with_its_payment(found));
            let read = together(read, PAYMENTS_AT_ONCE).await.into_iter();
            let mut read = read.collect::<Result<Vec<_>, StoreError>>()?;
            // They come in the order in which their payments were read.
            read.sort_by_key(|listed| Reverse(ReservationKey::of(&listed.reservation)));
            for listed in read {
                query.before = ReservationKey::of(&listed.reservation);
                if filter.shows(&listed, now) {
                    rows.push(listed);
                }
                if rows.len() >= filter.limit as usize {
                    return Ok(ReservationPage { rows, next: Some(query.before) });
                }
            }
            if is_last {
                return Ok(ReservationPage { rows, next: None });
            }
            if examined >= MOST_EXAMINED {
                return Ok(ReservationPage { rows, next: Some(query.before) });
            }
        }
    }
}

impl BoxOffice {
    async fn with_its_payment(&self, reservation: Reservation) -> Result<ListedReservation, StoreError> {
        let payment = match reservation.payment {
            Some(payment) => self.inner.sales.payment(payment).await?,
            None => None,
        };
        Ok(ListedReservation { reservation, payment })
    }
}
