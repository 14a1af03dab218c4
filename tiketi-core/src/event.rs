//! Events: what is performed, when tickets are sold, and the status buyers see.

use std::time::Duration;

use crate::cancellation_policy::{AgreedCancellation, CancellationPolicy};
use crate::id::{EventId, LayoutId};
use crate::metadata::Metadata;
use crate::money::Currency;
use crate::poster_url::PosterUrl;
use crate::setters::setters;
use crate::terms::{LatePayment, RefundedSeats, Terms};
use crate::time::{SaleWindow, Timestamp};
use crate::transition::IllegalTransition;
use crate::waiting_room::RoomPolicy;

/// One performance: a title, a venue, a date, and a sale window.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Event {
    /// Id of the event.
    pub id: EventId,
    /// What an organiser may edit.
    pub details: EventDetails,
    /// Currency of every price of this event; fixed when the event is created.
    pub currency: Currency,
    /// The seat layout that its seats were made from, if it has seats.
    pub layout: Option<LayoutId>,
    /// State of the event: draft, published or cancelled.
    pub state: EventState,
    /// The status last announced to buyers' clients; see [`crate::Fact`].
    pub announced: EventStatus,
    /// When the event was created.
    pub created_at: Timestamp,
    /// When it was archived, if it is: it is read only then, and in no list but that of archived events.
    pub archived_at: Option<Timestamp>,
    /// Grows by one with each edit, publication, cancellation or archiving; announcing a status does not change it.
    pub version: u64,
}

/// What an organiser writes about an event and may edit later.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EventDetails {
    /// Title, at most [`crate::limits::MAX_NAME_CHARS`] characters.
    pub title: String,
    /// The performers.
    pub artist: String,
    /// The venue.
    pub venue: String,
    /// Free text for buyers, at most [`crate::limits::MAX_DESCRIPTION_CHARS`] characters.
    pub description: String,
    /// Further search words, such as the event's name in another language.
    pub keywords: Vec<String>,
    /// Where its poster is, if it has one.
    pub poster: Option<PosterUrl>,
    /// When the performance starts.
    pub starts_at: Timestamp,
    /// When tickets are sold.
    pub sale: SaleWindow,
    /// Terms that differ from the shop's.
    pub terms: TermsOverride,
    /// How buyers wait for their turn; off by default.
    pub waiting_room: RoomPolicy,
    /// The host's own data.
    pub metadata: Metadata,
}

impl EventDetails {
    /// Makes details with a title and dates; everything else is empty.
    pub fn new(title: impl Into<String>, starts_at: Timestamp, sale: SaleWindow) -> Self {
        Self {
            title: title.into(),
            artist: String::new(),
            venue: String::new(),
            description: String::new(),
            keywords: Vec::new(),
            poster: None,
            starts_at,
            sale,
            terms: TermsOverride::default(),
            waiting_room: RoomPolicy::default(),
            metadata: Metadata::default(),
        }
    }

    /// Replaces the search words.
    #[must_use]
    pub fn keywords(mut self, keywords: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.keywords = keywords.into_iter().map(Into::into).collect();
        self
    }

    setters! {
        title: impl Into<String>,
        artist: impl Into<String>,
        venue: impl Into<String>,
        description: impl Into<String>,
        poster: impl Into<Option<PosterUrl>>,
        starts_at: Timestamp,
        sale: SaleWindow,
        terms: TermsOverride,
        waiting_room: RoomPolicy,
        metadata: Metadata,
    }
}

/// An event's own terms; a field that is `None` follows the shop's [`Terms`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TermsOverride {
    /// Overrides [`Terms::hold_ttl`].
    pub hold_ttl: Option<Duration>,
    /// Overrides [`Terms::hold_cap`].
    pub hold_cap: Option<Duration>,
    /// Overrides [`Terms::payment_window`].
    pub payment_window: Option<Duration>,
    /// Overrides [`Terms::max_seats_per_buyer`].
    pub max_seats_per_buyer: Option<u32>,
    /// Overrides [`Terms::late_payment`].
    pub late_payment: Option<LatePayment>,
    /// Overrides [`Terms::refunded_seats`].
    pub refunded_seats: Option<RefundedSeats>,
    /// Overrides [`Terms::cancellation`].
    pub cancellation: Option<CancellationPolicy>,
    /// Overrides [`Terms::deposit_window`].
    pub deposit_window: Option<Duration>,
}

impl TermsOverride {
    /// Returns the shop's terms, overridden by this event's own.
    pub fn over(self, shop: &Terms) -> Terms {
        Terms {
            hold_ttl: self.hold_ttl.unwrap_or(shop.hold_ttl),
            hold_cap: self.hold_cap.unwrap_or(shop.hold_cap),
            hold_allowance: shop.hold_allowance,
            payment_window: self.payment_window.unwrap_or(shop.payment_window),
            max_seats_per_buyer: self.max_seats_per_buyer.unwrap_or(shop.max_seats_per_buyer),
            late_payment: self.late_payment.unwrap_or(shop.late_payment),
            not_found_grace: shop.not_found_grace,
            not_found_grace_past_cap: shop.not_found_grace_past_cap,
            refunded_seats: self.refunded_seats.unwrap_or(shop.refunded_seats),
            cancellation: self.cancellation.unwrap_or(shop.cancellation),
            deposit_window: self.deposit_window.unwrap_or(shop.deposit_window),
            ask_again_after: shop.ask_again_after,
            ask_again_at_most: shop.ask_again_at_most,
            trouble_after: shop.trouble_after,
        }
    }

    setters! {
        hold_ttl: impl Into<Option<Duration>>,
        hold_cap: impl Into<Option<Duration>>,
        payment_window: impl Into<Option<Duration>>,
        max_seats_per_buyer: impl Into<Option<u32>>,
        late_payment: impl Into<Option<LatePayment>>,
        refunded_seats: impl Into<Option<RefundedSeats>>,
        cancellation: impl Into<Option<CancellationPolicy>>,
        deposit_window: impl Into<Option<Duration>>,
    }
}

/// State of an event: what the organiser has done with it.
///
/// | from \ on | `Publish` | `Cancel` |
/// |---|---|---|
/// | `Draft` | `Published` | `Cancelled` |
/// | `Published` | illegal | `Cancelled` |
/// | `Cancelled` | illegal | illegal |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum EventState {
    /// In preparation; buyers do not see it.
    Draft,
    /// Buyers see it and may buy within the sale window.
    Published,
    /// Called off.
    Cancelled {
        /// When it was called off.
        at: Timestamp,
    },
}

/// What can happen to an [`EventState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the steps of a complete state table")]
pub enum EventStep {
    /// The organiser shows the event to buyers.
    Publish,
    /// The organiser cancels the event.
    Cancel {
        /// When it is cancelled.
        at: Timestamp,
    },
}

impl EventState {
    /// Returns the state after `step`; see the table on [`EventState`].
    ///
    /// # Errors
    ///
    /// [`IllegalTransition`] where the table is illegal.
    pub fn apply(&self, step: &EventStep) -> Result<Self, IllegalTransition> {
        match (self, step) {
            (Self::Draft, EventStep::Publish) => Ok(Self::Published),
            (Self::Draft | Self::Published, EventStep::Cancel { at }) => Ok(Self::Cancelled { at: *at }),
            (Self::Published, EventStep::Publish) => {
                Err(IllegalTransition::new("event", "published", "publish"))
            }
            (Self::Cancelled { .. }, EventStep::Publish) => {
                Err(IllegalTransition::new("event", "cancelled", "publish"))
            }
            (Self::Cancelled { .. }, EventStep::Cancel { .. }) => {
                Err(IllegalTransition::new("event", "cancelled", "cancel"))
            }
        }
    }
}

/// Status of an event as buyers see it, derived from state, clock and stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum EventStatus {
    /// The sale has not opened.
    Upcoming,
    /// Tickets may be bought now.
    OnSale,
    /// The sale is open and no ticket is left; holds that end may bring tickets back.
    SoldOut,
    /// The sale has closed.
    Ended,
    /// The event was cancelled.
    Cancelled,
}

impl EventStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Upcoming, Self::OnSale, Self::SoldOut, Self::Ended, Self::Cancelled];
}

impl EventDetails {
    /// Returns when the line of the waiting room opens: by its policy, else with the sale.
    pub fn line_opens_at(&self) -> Timestamp {
        self.waiting_room.opens_at.unwrap_or(self.sale.opens_at())
    }
}

impl Event {
    /// Derives the status from the state, the clock, and whether tickets are left.
    pub fn status(&self, now: Timestamp, anything_left: bool) -> EventStatus {
        if matches!(self.state, EventState::Cancelled { .. }) {
            EventStatus::Cancelled
        } else if now >= self.details.sale.closes_at() {
            EventStatus::Ended
        } else if self.state == EventState::Draft || now < self.details.sale.opens_at() {
            EventStatus::Upcoming
        } else if anything_left {
            EventStatus::OnSale
        } else {
            EventStatus::SoldOut
        }
    }

    /// Returns what a buyer who is confirmed now agrees to.
    ///
    /// The event's own terms override the shop's.
    pub fn agreed_cancellation(&self, shop: &Terms) -> AgreedCancellation {
        let policy = self.details.terms.over(shop).cancellation;
        AgreedCancellation { policy, starts_at: self.details.starts_at }
    }

    /// Returns whether the event is archived.
    pub fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    /// Returns whether buyers may see the event.
    pub fn is_public(&self) -> bool {
        self.state != EventState::Draft
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    /// On sale from 100 on, before 200.
    fn event(state: EventState) -> Event {
        let sale = SaleWindow::new(at(100), at(200)).unwrap();
        let details = EventDetails::new("Evening of Lanterns", at(300), sale);
        Event {
            id: EventId::from_uuid(Uuid::from_u128(1)),
            details,
            currency: Currency::KRW,
            layout: None,
            state,
            announced: EventStatus::Upcoming,
            created_at: at(0),
            archived_at: None,
            version: 1,
        }
    }

    #[test]
    fn the_sale_is_open_from_its_opening_until_just_before_its_close() {
        let event = event(EventState::Published);
        assert_eq!(event.status(at(99), true), EventStatus::Upcoming);
        assert_eq!(event.status(at(100), true), EventStatus::OnSale);
        assert_eq!(event.status(at(199), true), EventStatus::OnSale);
        assert_eq!(event.status(at(200), true), EventStatus::Ended);
    }

    #[test]
    fn an_event_is_sold_out_only_while_it_is_on_sale() {
        let event = event(EventState::Published);
        assert_eq!(event.status(at(99), false), EventStatus::Upcoming);
        assert_eq!(event.status(at(100), false), EventStatus::SoldOut);
        assert_eq!(event.status(at(200), false), EventStatus::Ended);
    }

    #[test]
    fn a_cancelled_event_is_cancelled_at_any_time() {
        let event = event(EventState::Cancelled { at: at(1) });
        for now in [0, 100, 200] {
            assert_eq!(event.status(at(now), true), EventStatus::Cancelled);
        }
    }

    #[test]
    fn a_draft_is_never_on_sale_and_never_public() {
        let draft = event(EventState::Draft);
        assert_eq!(draft.status(at(100), true), EventStatus::Upcoming);
        assert!(!draft.is_public() && event(EventState::Published).is_public());
    }

    #[test]
    fn an_event_s_own_terms_prevail_one_by_one() {
        let own = TermsOverride { max_seats_per_buyer: Some(2), ..TermsOverride::default() };
        let expected = Terms { max_seats_per_buyer: 2, ..Terms::default() };
        assert_eq!(own.over(&Terms::default()), expected);
    }
}
