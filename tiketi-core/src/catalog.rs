//! Creation of events: turns an organiser's input and a seat layout into rows.

use std::sync::Arc;
use std::time::Duration;

use crate::cancellation_policy::CancellationPolicy;
use crate::clock::IdSource;
use crate::event::{Event, EventDetails, EventState, EventStatus};
use crate::id::{CommandKey, EventId, LayoutId, SeatId, TicketTypeId};
use crate::limits::{
    MAX_CAPACITY, MAX_DEPOSIT_WINDOW, MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS, MAX_PRICE_MINOR,
};
use crate::money::{Currency, Money};
use crate::seat::{Seat, SeatState};
use crate::seat_layout::{SeatLayout, StoredLayout};
use crate::setters::setters;
use crate::terms::{LatePayment, RefundedSeats, Terms};
use crate::text::{TextError, check_line, check_lines};
use crate::ticket_type::{Stock, TicketKind, TicketType};
use crate::time::Timestamp;
use crate::waiting_room::RoomPolicyError;

/// Most keywords of one event.
pub const MAX_KEYWORDS: usize = 50;

/// An organiser's input for a new event.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EventInput {
    /// The details that buyers read.
    pub details: EventDetails,
    /// Currency of every price.
    pub currency: Currency,
    /// The general-admission ticket types.
    pub general_admission: Vec<TicketTypeInput>,
    /// The seat layout to make seats from.
    pub layout: Option<LayoutId>,
    /// The key under which the event is created at most once.
    pub key: Option<CommandKey>,
    /// Whether the sale opens at the moment of creation; see [`EventInput::opening_when_made`].
    pub opens_when_made: bool,
}

impl EventInput {
    /// Makes an input without ticket types.
    pub fn new(details: EventDetails, currency: Currency) -> Self {
        Self {
            details,
            currency,
            general_admission: Vec::new(),
            layout: None,
            key: None,
            opens_when_made: false,
        }
    }

    /// Makes the creation happen at most once under a key.
    ///
    /// A repetition returns the event that the first call created.
    #[must_use]
    pub fn key(mut self, key: CommandKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Opens the sale at the moment of creation.
    ///
    /// A repetition under the same key then counts as the same request, although its moment is later.
    #[must_use]
    pub fn opening_when_made(mut self) -> Self {
        self.opens_when_made = true;
        self
    }

    /// Sets the seat layout to make seats from.
    #[must_use]
    pub fn seated(mut self, layout: LayoutId) -> Self {
        self.layout = Some(layout);
        self
    }

    /// Adds a general-admission ticket type.
    #[must_use]
    pub fn ticket_type(mut self, ticket_type: TicketTypeInput) -> Self {
        self.general_admission.push(ticket_type);
        self
    }
}

/// An organiser's input for a general-admission ticket type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TicketTypeInput {
    /// Name that buyers read.
    pub name: String,
    /// Price of one unit, in the event's currency.
    pub price: Money,
    /// The number of units.
    pub capacity: u32,
}

impl TicketTypeInput {
    /// Makes an input for `capacity` units at a price.
    pub fn new(name: impl Into<String>, price: Money, capacity: u32) -> Self {
        Self { name: name.into(), price, capacity }
    }

    setters! {
        name: impl Into<String>,
        price: Money,
        capacity: u32,
    }
}

/// A new event with its ticket types and seats, stored in one commit.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "a store acts on every part")]
pub struct NewEvent {
    /// The event.
    pub event: Event,
    /// Its ticket types.
    pub ticket_types: Vec<TicketType>,
    /// Its seats, from the stage backwards.
    pub seats: Vec<Seat>,
}

/// Why an organiser's input is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// A text is empty, too long, or has characters that no store accepts.
    #[error(transparent)]
    Text(#[from] TextError),
    /// There are more than [`MAX_KEYWORDS`] keywords.
    #[error("an event may have at most {MAX_KEYWORDS} keywords")]
    TooManyKeywords,
    /// A price is negative or above [`MAX_PRICE_MINOR`].
    #[error("a price must be from 0 to {MAX_PRICE_MINOR} minor units")]
    PriceOutOfRange,
    /// A price is not in the event's currency.
    #[error("prices must be in the event's currency, {expected}")]
    WrongCurrency {
        /// The event's currency.
        expected: Currency,
    },
    /// A capacity is zero or above [`MAX_CAPACITY`].
    #[error("a capacity must be from 1 to {MAX_CAPACITY}")]
    CapacityOutOfRange,
    /// The event's own terms are not valid, or contradict each other.
    #[error(transparent)]
    Terms(#[from] crate::terms::TermsError),
    /// The waiting room's policy is not valid.
    #[error(transparent)]
    WaitingRoom(#[from] RoomPolicyError),
    /// The seat layout does not exist.
    #[error("there is no such layout")]
    LayoutNotFound,
}

impl NewEvent {
    /// Makes an event's rows: a ticket type for each section of the layout, a seat for each place.
    ///
    /// The event begins as a draft.
    ///
    /// # Errors
    ///
    /// [`CatalogError`] naming what is not valid; [`CatalogError::LayoutNotFound`] if the input names a layout and
    /// `layout` is not that one.
    pub fn assemble(
        input: &EventInput,
        layout: Option<&StoredLayout>,
        ids: &dyn IdSource,
        now: Timestamp,
    ) -> Result<Self, CatalogError> {
        check_details(&input.details)?;
        if input.layout != layout.map(|layout| layout.id) {
            return Err(CatalogError::LayoutNotFound);
        }
        let event = Event {
            id: EventId::from_uuid(ids.next()),
            details: input.details.clone(),
            currency: input.currency,
            layout: input.layout,
            state: EventState::Draft,
            announced: EventStatus::Upcoming,
            created_at: now,
            archived_at: None,
            version: 1,
        };
        let plan = layout.map(|stored| &stored.layout);
        let mut ticket_types = section_types(&event, plan, ids)?;
        let seats = seats(&event, plan, &ticket_types, ids);
        for input in &input.general_admission {
            let position = u32::try_from(ticket_types.len()).unwrap_or(u32::MAX);
            ticket_types.push(general_admission(&event, input, position, ids)?);
        }
        Ok(Self { event, ticket_types, seats })
    }
}

impl NewEvent {
    /// Checks every text of the event, its ticket types and its seats.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    pub fn check_texts(&self) -> Result<(), TextError> {
        let Self { event, ticket_types, seats } = self;
        check_detail_texts(&event.details)?;
        ticket_types.iter().try_for_each(TicketType::check_texts)?;
        seats.iter().try_for_each(|seat| seat.place.check_texts())
    }
}

/// Makes a general-admission ticket type of an event.
///
/// # Errors
///
/// [`CatalogError`] for an invalid name, price, currency or capacity.
pub fn general_admission(
    event: &Event,
    input: &TicketTypeInput,
    position: u32,
    ids: &dyn IdSource,
) -> Result<TicketType, CatalogError> {
    check_ticket_type(input, event.currency)?;
    Ok(TicketType {
        id: TicketTypeId::from_uuid(ids.next()),
        event: event.id,
        name: input.name.clone(),
        price: input.price,
        kind: TicketKind::GeneralAdmission,
        stock: Stock::of(input.capacity),
        position,
    })
}

fn section_types(
    event: &Event,
    plan: Option<&SeatLayout>,
    ids: &dyn IdSource,
) -> Result<Vec<TicketType>, CatalogError> {
    let sections = plan.map(|plan| plan.sections.as_slice()).unwrap_or_default();
    (0..)
        .zip(sections)
        .map(|(position, section)| {
            check_price(section.price, event.currency)?;
            Ok(TicketType {
                id: TicketTypeId::from_uuid(ids.next()),
                event: event.id,
                name: section.name.clone(),
                price: section.price,
                kind: TicketKind::Seated { section: section.name.clone() },
                stock: Stock::of(u32::try_from(section.seat_count()).unwrap_or(u32::MAX)),
                position,
            })
        })
        .collect()
}

fn seats(
    event: &Event,
    plan: Option<&SeatLayout>,
    ticket_types: &[TicketType],
    ids: &dyn IdSource,
) -> Vec<Seat> {
    let places = plan.into_iter().flat_map(SeatLayout::places);
    places
        .filter_map(|(section, place)| {
            Some(Seat {
                id: SeatId::from_uuid(ids.next()),
                event: event.id,
                ticket_type: ticket_types.get(section)?.id,
                place: Arc::new(place),
                state: SeatState::Available,
                version: 1,
                map_version: 1,
                former: None,
            })
        })
        .collect()
}

/// Terms that are valid together with every valid override.
const MOST_LENIENT: Terms = Terms {
    hold_ttl: Duration::from_micros(1),
    hold_cap: Duration::from_hours(24),
    hold_allowance: Duration::from_hours(24),
    payment_window: Duration::from_hours(24),
    max_seats_per_buyer: 1,
    late_payment: LatePayment::Refund,
    not_found_grace: Duration::from_hours(24),
    not_found_grace_past_cap: Duration::from_hours(24),
    refunded_seats: RefundedSeats::OnSale,
    cancellation: CancellationPolicy::FULL_UNTIL_START,
    deposit_window: MAX_DEPOSIT_WINDOW,
    ask_again_after: Duration::from_mins(1),
    ask_again_at_most: Duration::from_hours(24),
    trouble_after: Duration::from_hours(24),
};

pub(crate) fn check_details(details: &EventDetails) -> Result<(), CatalogError> {
    if details.keywords.len() > MAX_KEYWORDS {
        return Err(CatalogError::TooManyKeywords);
    }
    check_detail_texts(details)?;
    // The event's own terms must be valid and consistent, whatever the shop's terms are.
    details.terms.over(&MOST_LENIENT).validate()?;
    details.waiting_room.validate()?;
    Ok(())
}

fn check_detail_texts(details: &EventDetails) -> Result<(), TextError> {
    // Metadata and the poster's URL are valid since they were made.
    let EventDetails {
        title,
        artist,
        venue,
        description,
        keywords,
        poster: _,
        starts_at: _,
        sale: _,
        terms: _,
        waiting_room: _,
        metadata: _,
    } = details;
    check_line("title", title, 1..=MAX_NAME_CHARS)?;
    check_line("artist", artist, 0..=MAX_NAME_CHARS)?;
    check_line("venue", venue, 0..=MAX_NAME_CHARS)?;
    check_lines("description", description, 0..=MAX_DESCRIPTION_CHARS)?;
    keywords.iter().try_for_each(|word| check_line("keywords", word, 1..=MAX_NAME_CHARS))
}

pub(crate) fn check_ticket_type(input: &TicketTypeInput, currency: Currency) -> Result<(), CatalogError> {
    let TicketTypeInput { name, price, capacity } = input;
    check_line("name", name, 1..=MAX_NAME_CHARS)?;
    check_price(*price, currency)?;
    if (1..=MAX_CAPACITY).contains(capacity) { Ok(()) } else { Err(CatalogError::CapacityOutOfRange) }
}

fn check_price(price: Money, currency: Currency) -> Result<(), CatalogError> {
    if price.currency() != currency {
        return Err(CatalogError::WrongCurrency { expected: currency });
    }
    if (0..=MAX_PRICE_MINOR).contains(&price.minor()) { Ok(()) } else { Err(CatalogError::PriceOutOfRange) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TermsOverride;
    use crate::time::SaleWindow;

    fn with_terms(terms: TermsOverride) -> Result<(), CatalogError> {
        let sale = SaleWindow::new(Timestamp::EPOCH, Timestamp::FAR_FUTURE).unwrap();
        check_details(&EventDetails {
            terms,
            ..EventDetails::new("Paper Boats", Timestamp::FAR_FUTURE, sale)
        })
    }

    #[test]
    fn an_event_may_hold_longer_than_the_usual_cap_when_its_shop_does() {
        let terms = TermsOverride { hold_ttl: Some(Duration::from_mins(20)), ..TermsOverride::default() };
        assert_eq!(with_terms(terms), Ok(()));
    }

    #[test]
    fn terms_of_an_event_that_contradict_each_other_are_refused() {
        let terms = TermsOverride {
            hold_ttl: Some(Duration::from_mins(2)),
            hold_cap: Some(Duration::from_mins(1)),
            ..TermsOverride::default()
        };
        assert_eq!(with_terms(terms), Err(CatalogError::Terms(crate::terms::TermsError::CapBelowTtl)));
    }
}
