//! Creates events, ticket types and seat layouts, at most once per key.

use uuid::Uuid;

use crate::catalog::NewEvent;
use crate::decide::command::fingerprint_of;
use crate::decide::fingerprint::Fingerprint;
use crate::error::CommandError;
use crate::event::EventDetails;
use crate::id::{CommandKey, LayoutId};
use crate::money::Money;
use crate::poster_url::PosterUrl;
use crate::seat_layout::StoredLayout;
use crate::text::TextError;
use crate::ticket_type::{TicketKind, TicketType};
use crate::time::Timestamp;

/// Something to be created: its id, its key, and its content.
///
/// A repetition has another id, because ids are made for each call; only the key and the content are equal.
pub trait Creation {
    /// Returns the key under which it is created at most once.
    fn key(&self) -> CommandKey;

    /// Returns the moment at which it is created.
    fn now(&self) -> Timestamp;

    /// Returns the id of the new thing.
    fn id(&self) -> Uuid;

    /// Returns a hash of the content, equal for each repetition.
    fn fingerprint(&self) -> u128;

    /// Checks every value that a store would save.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    fn check_texts(&self) -> Result<(), TextError>;
}

/// A creation whose content was checked and hashed.
///
/// For a large hall that takes long, and it needs no row: a store does it before its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedCreation {
    /// The key under which it is created at most once.
    pub key: CommandKey,
    /// The moment at which it is created.
    pub now: Timestamp,
    /// The id of the new thing.
    pub id: Uuid,
    /// A hash of the content, equal for each repetition.
    pub fingerprint: u128,
}

impl CheckedCreation {
    /// Checks and hashes a creation.
    ///
    /// # Errors
    ///
    /// [`TextError`] for a text that no store accepts.
    pub fn of<C: Creation>(command: &C) -> Result<Self, TextError> {
        command.check_texts()?;
        let (key, now, id) = (command.key(), command.now(), command.id());
        Ok(Self { key, now, id, fingerprint: command.fingerprint() })
    }
}

/// Stores a new event with its ticket types and seats.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CreateEvent {
    /// The moment at which it is created.
    pub now: Timestamp,
    /// The key under which it is created at most once.
    pub key: CommandKey,
    /// The event with its ticket types and seats.
    pub event: NewEvent,
    /// Whether the sale opens at the moment of creation, which differs between repetitions.
    pub opens_when_made: bool,
}

/// Adds a general-admission ticket type to an event.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AddTicketType {
    /// The moment at which it is created.
    pub now: Timestamp,
    /// The key under which it is created at most once.
    pub key: CommandKey,
    /// The ticket type.
    pub ticket_type: TicketType,
}

/// Stores a new seat layout.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CreateLayout {
    /// The moment at which it is created.
    pub now: Timestamp,
    /// The key under which it is created at most once.
    pub key: CommandKey,
    /// The layout; the caller has validated it.
    pub layout: StoredLayout,
}

/// What a store saves of a creation, under its key, for 24 hours or longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct CreationRecord {
    /// Fingerprint of the content.
    pub fingerprint: u128,
    /// The id of what was created.
    pub made: Uuid,
    /// When it was created.
    pub at: Timestamp,
}

/// What an adapter must do about a creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a store acts on every part")]
pub enum CreationVerdict {
    /// Write it, save this record under its key, and commit both together.
    Make(CreationRecord),
    /// Write nothing; the same was created before, with this id.
    Replay(Uuid),
}

/// What was created, now or by an earlier call with the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct Created {
    /// Its id.
    pub id: Uuid,
    /// Whether an earlier call created it.
    pub replayed: bool,
}

/// Why something is not created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateRefused {
    /// Something with this id exists, whatever its content.
    #[error("something with this id exists already")]
    IdTaken,
    /// The event of a ticket type does not exist.
    #[error("there is no such event")]
    EventNotFound,
    /// An earlier call with the same key created it, and it was deleted since.
    #[error("what was made under this key was removed since")]
    Removed,
}

/// Decides a creation, given the record under its key and whether its id is taken.
///
/// # Errors
///
/// [`CommandError::KeyReused`] if the key was used with other content, [`CreateRefused::IdTaken`].
pub fn create(
    command: &CheckedCreation,
    remembered: Option<&CreationRecord>,
    is_taken: bool,
) -> Result<CreationVerdict, CommandError<CreateRefused>> {
    let CheckedCreation { key: _, now, id, fingerprint } = *command;
    match remembered {
        Some(record) if record.fingerprint == fingerprint => Ok(CreationVerdict::Replay(record.made)),
        Some(_) => Err(CommandError::KeyReused),
        None if is_taken => Err(CommandError::Refused(CreateRefused::IdTaken)),
        None => Ok(CreationVerdict::Make(CreationRecord { fingerprint, made: id, at: now })),
    }
}

impl CreateEvent {
    /// Makes the command.
    pub fn new(now: Timestamp, key: CommandKey, event: NewEvent) -> Self {
        Self { now, key, event, opens_when_made: false }
    }

    /// Marks that the sale opens at the moment of creation.
    #[must_use]
    pub fn opening_when_made(mut self) -> Self {
        self.opens_when_made = true;
        self
    }

    fn add_details(&self, fingerprint: &mut Fingerprint) {
        let EventDetails {
            title,
            artist,
            venue,
            description,
            keywords,
            poster,
            starts_at,
            sale,
            terms,
            waiting_room,
            metadata,
        } = &self.event.event.details;
        for text in [title, artist, venue, description].into_iter().chain(keywords) {
            fingerprint.text(text);
        }
        let opens_at = if self.opens_when_made { String::new() } else { sale.opens_at().to_string() };
        fingerprint.text(&starts_at.to_string()).text(&opens_at).text(&sale.closes_at().to_string());
        // Terms and policies consist of numbers and fixed words, so they contain no text to check.
        fingerprint.text(&format!("{terms:?} {waiting_room:?}")).text(metadata.as_json());
        fingerprint.text(poster.as_ref().map_or("", PosterUrl::as_str));
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

/// Adds the content of a ticket type; its id and position differ between repetitions.
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
