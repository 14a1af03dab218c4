//! Make something new, at most once a key.

use uuid::Uuid;

use crate::catalog::NewEvent;
use crate::decide::command::fingerprint_of;
use crate::decide::fingerprint::Fingerprint;
use crate::error::CommandError;
use crate::event::EventDetails;
use crate::id::{CommandKey, LayoutId};
use crate::money::Money;
use crate::seat_layout::StoredLayout;
use crate::text::TextError;
use crate::ticket_type::{TicketKind, TicketType};
use crate::time::Timestamp;

/// Something new to be stored: its id, its key, and what is asked for.
///
/// A repetition of one intent comes with another id, for it was made anew; only the key and the content are the same.
pub trait Creation {
    /// Returns the key under which it is made at most once.
    fn key(&self) -> CommandKey;

    /// Returns the moment at which it is made.
    fn now(&self) -> Timestamp;

    /// Returns the id of the new thing.
    fn id(&self) -> Uuid;

    /// Returns a digest of what is asked; equal for every try of one intent.
    fn fingerprint(&self) -> u128;

    /// Checks everything a store is asked to keep of it.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    fn check_texts(&self) -> Result<(), TextError>;
}

/// Stores a new event with its ticket types and seats.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CreateEvent {
    /// The moment at which it is made.
    pub now: Timestamp,
    /// The key under which it is made at most once.
    pub key: CommandKey,
    /// The event with everything it sells.
    pub event: NewEvent,
    /// Whether its sale opens at the moment it is made, which differs with each try of one intent.
    pub opens_when_made: bool,
}

/// Adds a general-admission ticket type to an event.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AddTicketType {
    /// The moment at which it is made.
    pub now: Timestamp,
    /// The key under which it is made at most once.
    pub key: CommandKey,
    /// The ticket type.
    pub ticket_type: TicketType,
}

/// Stores a new seat layout.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CreateLayout {
    /// The moment at which it is made.
    pub now: Timestamp,
    /// The key under which it is made at most once.
    pub key: CommandKey,
    /// The layout; the caller has validated it.
    pub layout: StoredLayout,
}

/// What a store remembers of something made, under its key, for 24 hours or longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreationRecord {
    /// Digest of what was asked.
    pub fingerprint: u128,
    /// The id of what was made.
    pub made: Uuid,
    /// When.
    pub at: Timestamp,
}

/// What an adapter has to do about something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum CreationVerdict {
    /// Store it, remember this record under its key, and commit both together.
    Make(CreationRecord),
    /// Store nothing; the same was asked before, and this was made.
    Replay(Uuid),
}

/// What was made, now or by an earlier try under the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// Its id.
    pub id: Uuid,
    /// Whether an earlier try made it.
    pub replayed: bool,
}

/// Why something new is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateRefused {
    /// Something of this id exists, whatever its content.
    #[error("something of this id exists already")]
    IdTaken,
    /// The event that a ticket type is for does not exist.
    #[error("there is no such event")]
    EventNotFound,
    /// An earlier try under the same key made it, and it was removed since.
    #[error("what was made under this key was removed since")]
    Removed,
}

/// Decides whether something new is made, given what the store remembers under its key and whether its id is taken.
///
/// # Errors
///
/// [`CommandError::Text`] for a text that no store keeps, [`CommandError::KeyReused`] if the key was used for other
/// content, [`CreateRefused::IdTaken`].
pub fn create<C: Creation>(
    command: &C,
    remembered: Option<&CreationRecord>,
    is_taken: bool,
) -> Result<CreationVerdict, CommandError<CreateRefused>> {
    command.check_texts()?;
    let fingerprint = command.fingerprint();
    match remembered {
        Some(record) if record.fingerprint == fingerprint => Ok(CreationVerdict::Replay(record.made)),
        Some(_) => Err(CommandError::KeyReused),
        None if is_taken => Err(CommandError::Refused(CreateRefused::IdTaken)),
        None => {
            let made = command.id();
            Ok(CreationVerdict::Make(CreationRecord { fingerprint, made, at: command.now() }))
        }
    }
}

impl CreateEvent {
    /// Makes the command.
    pub fn new(now: Timestamp, key: CommandKey, event: NewEvent) -> Self {
        Self { now, key, event, opens_when_made: false }
    }

    /// Says that the sale opens at the moment the event is made, whichever that is.
    #[must_use]
    pub fn opening_when_made(mut self) -> Self {
        self.opens_when_made = true;
        self
    }

    fn add_details(&self, fingerprint: &mut Fingerprint) {
        let EventDetails { title, artist, venue, description, keywords, starts_at, sale, terms } =
            &self.event.event.details;
        for text in [title, artist, venue, description].into_iter().chain(keywords) {
            fingerprint.text(text);
        }
        let opens_at = if self.opens_when_made { String::new() } else { sale.opens_at().to_string() };
        fingerprint.text(&starts_at.to_string()).text(&opens_at).text(&sale.closes_at().to_string());
        // The terms of an event are made of numbers and words whose names are theirs alone.
        fingerprint.text(&format!("{terms:?}"));
    }
}

impl Creation for CreateEvent {
    fn key(&self) -> CommandKey {
        self.key
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn id(&self) -> Uuid {
        self.event.event.id.as_uuid()
    }

    fn fingerprint(&self) -> u128 {
        let NewEvent { event, ticket_types, seats } = &self.event;
        let layout = event.layout.map_or(Uuid::nil(), LayoutId::as_uuid);
        let mut fingerprint = fingerprint_of("create-event", layout);
        fingerprint.text(event.currency.code()).number(event.details.keywords.len() as u64);
        self.add_details(&mut fingerprint);
        fingerprint.number(ticket_types.len() as u64).number(seats.len() as u64);
        for it in ticket_types {
            add_ticket_type(&mut fingerprint, it);
        }
        for seat in seats {
            fingerprint.text(&seat.place.label).number(u64::from(seat.place.column));
            fingerprint.number(u64::from(seat.place.line)).number(u64::from(seat.place.accessible));
        }
        fingerprint.finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        self.event.check_texts()
    }
}

impl AddTicketType {
    /// Makes the command.
    pub fn new(now: Timestamp, key: CommandKey, ticket_type: TicketType) -> Self {
        Self { now, key, ticket_type }
    }
}

impl Creation for AddTicketType {
    fn key(&self) -> CommandKey {
        self.key
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn id(&self) -> Uuid {
        self.ticket_type.id.as_uuid()
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of("add-ticket-type", self.ticket_type.event.as_uuid());
        add_ticket_type(&mut fingerprint, &self.ticket_type);
        fingerprint.finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        self.ticket_type.check_texts()
    }
}

impl CreateLayout {
    /// Makes the command.
    pub fn new(now: Timestamp, key: CommandKey, layout: StoredLayout) -> Self {
        Self { now, key, layout }
    }
}

impl Creation for CreateLayout {
    fn key(&self) -> CommandKey {
        self.key
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn id(&self) -> Uuid {
        self.layout.id.as_uuid()
    }

    fn fingerprint(&self) -> u128 {
        let layout = &self.layout.layout;
        let mut fingerprint = fingerprint_of("create-layout", Uuid::nil());
        fingerprint.text(&layout.venue).text(&layout.name).number(layout.sections.len() as u64);
        for section in &layout.sections {
            fingerprint.text(&section.name);
            add_price(&mut fingerprint, section.price);
            fingerprint.number(section.rows.len() as u64);
            for row in &section.rows {
                fingerprint.text(&row.label).number(row.seats.len() as u64);
                for seat in &row.seats {
                    fingerprint.text(&seat.number).number(u64::from(seat.column));
                    fingerprint.number(u64::from(seat.accessible));
                }
            }
        }
        fingerprint.finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        self.layout.layout.check_texts()
    }
}

/// Adds what an organiser says of a ticket type; its id and its place in the list are made anew with each try.
fn add_ticket_type(fingerprint: &mut Fingerprint, ticket_type: &TicketType) {
    fingerprint.text(&ticket_type.name).number(u64::from(ticket_type.stock.capacity));
    add_price(fingerprint, ticket_type.price);
    match &ticket_type.kind {
        TicketKind::Seated { section } => fingerprint.text("seated").text(section),
        TicketKind::GeneralAdmission => fingerprint.text("general admission"),
    };
}

fn add_price(fingerprint: &mut Fingerprint, price: Money) {
    fingerprint.text(&format!("{} {}", price.minor(), price.currency().code()));
}

#[cfg(test)]
mod tests;
