//! The event most cases sell: twenty seats in two sections, and standing room.

use std::time::Duration;

use tiketi_core::decide::{CreateEvent, CreateRefused, Created};
use tiketi_core::{
    CommandError, Currency, Event, EventDetails, EventId, EventInput, LayoutId, Money, Row, SaleWindow,
    SeatId, SeatLayout, Section, TicketTypeId, TicketTypeInput, Timestamp, catalog::NewEvent,
    event::EventStep, metadata::Metadata, poster_url::PosterUrl, seat_layout::StoredLayout,
};

use crate::shop::TestShop;

/// Price of a seat in the front section.
pub const FRONT_PRICE: Money = Money::new(100_000, Currency::KRW);
/// Price of a seat in the back section.
pub const BACK_PRICE: Money = Money::new(50_000, Currency::KRW);
/// Price of a standing ticket.
pub const STANDING_PRICE: Money = Money::new(30_000, Currency::KRW);
/// Number of standing tickets.
pub const STANDING: u32 = 10;
/// Number of free tickets.
pub const FREE: u32 = 20;

/// An event on sale, with ticket types of every kind.
///
/// Ten seats in front, ten behind, standing tickets, and free tickets.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Hall {
    /// The event's id.
    pub event: EventId,
    /// Its seats from the stage backwards; the first ten are in front.
    pub seats: Vec<SeatId>,
    /// Ticket type of the front section.
    pub front: TicketTypeId,
    /// Ticket type of the back section.
    pub back: TicketTypeId,
    /// Ticket type of the [`STANDING`] standing tickets.
    pub standing: TicketTypeId,
    /// Ticket type of the [`FREE`] free tickets.
    pub free: TicketTypeId,
    /// When its sale closes.
    pub closes_at: Timestamp,
}

/// Parses metadata from a JSON object.
pub(crate) fn json(object: &str) -> Metadata {
    object.parse().expect("it is a JSON object")
}

impl TestShop {
    /// Returns the details of an event that is on sale.
    ///
    /// The sale opened an hour ago and closes in thirty days.
    pub fn details(&self, title: &str) -> EventDetails {
        let opens_at = self.now().before(Duration::from_hours(1));
        let closes_at = self.now().after(Duration::from_hours(30 * 24));
        EventDetails::new(
            title,
            closes_at.after(Duration::from_hours(3)),
            SaleWindow::new(opens_at, closes_at).expect("it opens before it closes"),
        )
        .artist("The Paper Lanterns")
        .venue("Harbour Hall")
        .description("An evening by the sea.")
        .keywords(["종이등불"])
        .poster("https://harbour-hall.example/lanterns.webp".parse::<PosterUrl>().ok())
        .metadata(json(r#"{"series":"harbour","기획":[1,null]}"#))
    }

    /// Returns the rows of a new [`Hall`], not stored yet.
    pub fn new_hall(&self, details: EventDetails) -> NewEvent {
        let section = |name: &str, price| {
            Section::new(name, price).row(Row::numbered("A", 5)).row(Row::numbered("B", 5))
        };
        let layout = SeatLayout::new("Harbour Hall", "Great hall")
            .section(section("Front", FRONT_PRICE))
            .section(section("Back", BACK_PRICE));
        let id = LayoutId::from_uuid(self.ids().next());
        let stored = StoredLayout { id, layout, created_at: self.now() };
        let admits = |name: &str, price, capacity| TicketTypeInput::new(name, price, capacity);
        let input = EventInput::new(details, Currency::KRW)
            .seated(id)
            .ticket_type(admits("Standing", STANDING_PRICE, STANDING))
            .ticket_type(admits("Free", Money::zero(Currency::KRW), FREE));
        NewEvent::assemble(&input, Some(&stored), self.ids(), self.now()).expect("the hall is sound")
    }

    /// Stores an event under a new key.
    pub(crate) async fn create(&self, new: NewEvent) -> Result<Created, CommandError<CreateRefused>> {
        self.store().create_event(CreateEvent::new(self.now(), self.key(), new)).await
    }

    /// Stores a draft, and returns it with its rows.
    pub async fn draft(&self, details: EventDetails) -> (Hall, Event) {
        let new = self.new_hall(details);
        let hall = Hall {
            event: new.event.id,
            seats: new.seats.iter().map(|seat| seat.id).collect(),
            front: new.ticket_types[0].id,
            back: new.ticket_types[1].id,
            standing: new.ticket_types[2].id,
            free: new.ticket_types[3].id,
            closes_at: new.event.details.sale.closes_at(),
        };
        let event = new.event.clone();
        self.create(new).await.expect("an event can be stored");
        self.known().events.push(hall.event);
        (hall, event)
    }

    /// Stores and publishes an event with these details.
    pub async fn hall_with(&self, details: EventDetails) -> Hall {
        let (hall, _) = self.draft(details).await;
        self.store().step_event(hall.event, EventStep::Publish).await.expect("a draft can be published");
        hall
    }

    /// Stores and publishes an event that is on sale.
    pub async fn hall(&self) -> Hall {
        self.hall_with(self.details("Night of Lanterns")).await
    }

    /// Calls an event off.
    pub async fn call_off(&self, hall: &Hall) {
        let step = EventStep::Cancel { at: self.now() };
        self.store().step_event(hall.event, step).await.expect("an event can be called off");
    }
}
