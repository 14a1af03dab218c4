//! What a letter is about, and what it says.

use std::sync::Arc;

use tiketi_core::event::EventState;
use tiketi_core::fact::{PaymentSummary, ReservationSummary};
use tiketi_core::id::CodeId;
use tiketi_core::language::Language;
use tiketi_core::payment::ReturnedTickets;
use tiketi_core::reservation::ReservationNumber;
use tiketi_core::{Event, Money, TicketType, Timestamp};

use crate::letter::phrases::{Phrases, fill};
use crate::letter::{Letter, Shopfront};

/// What a letter is about.
#[derive(Debug)]
pub(crate) enum Topic {
    /// A reservation was confirmed.
    Confirmed { event: Event, reservation: Arc<ReservationSummary> },
    /// A reservation was cancelled, alone or with its event.
    Cancelled { event: Event, reservation: Arc<ReservationSummary> },
    /// Some tickets were returned.
    Returned {
        event: Event,
        reservation: Arc<ReservationSummary>,
        returned: ReturnedTickets,
        ticket_types: Vec<TicketType>,
    },
    /// Money was refunded.
    Refunded { event: Event, number: ReservationNumber, payment: Arc<PaymentSummary> },
    /// A buyer was called by a waiting room.
    Called { event: Event, until: Timestamp },
    /// An address is to be proved.
    Verify { code: String, expires_at: Timestamp },
    /// An address was registered again.
    AlreadyRegistered,
    /// A password is to be set.
    Reset { id: CodeId, code: String, expires_at: Timestamp },
}

impl Letter {
    /// Writes about a topic.
    pub(crate) fn about(topic: &Topic, language: Language, front: &Shopfront) -> Self {
        let letter = Draft { words: Phrases::of(language), language, front };
        match topic {
            Topic::Confirmed { event, reservation } => {
                let number = reservation.number.to_string();
                let link =
                    letter.link(letter.words.see_reservation, &format!("reservations/{}", reservation.id));
                let said = letter
                    .said(letter.words.confirmed, &[("number", &number), ("event", &event.details.title)]);
                letter.of_tickets(said.of(event, &number).link(link), reservation)
            }
            Topic::Cancelled { event, reservation } => letter.cancelled(event, reservation),
            Topic::Returned { event, reservation, returned, ticket_types } => {
                letter.returned(event, reservation, returned, ticket_types)
            }
            Topic::Refunded { event, number, payment } => letter.refunded(event, *number, payment),
            Topic::Called { event, until } => {
                let until = front.moment(*until, language);
                let link = letter.link(letter.words.enter, &format!("events/{}", event.id));
                let values = [("event", event.details.title.as_str()), ("until", &until)];
                letter.said(letter.words.called, &values).of_event(event).link(link).done()
            }
            Topic::Verify { code, expires_at } => letter
                .said(letter.words.verify, &[("until", &front.moment(*expires_at, language))])
                .code(code),
            Topic::AlreadyRegistered => {
                let link = letter.link(letter.words.to_the_shop, "");
                letter.said(letter.words.already_registered, &[]).link(link).for_asking()
            }
            Topic::Reset { id, code, expires_at } => {
                let link = letter.link(letter.words.set_password, &format!("reset/{id}"));
                let values = [("until", front.moment(*expires_at, language))];
                let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
                letter.said(letter.words.reset, &values).link(link).code(code)
            }
        }
    }
}

/// Writes letters in one language.
#[derive(Clone, Copy)]
struct Draft<'f> {
    words: &'static Phrases,
    language: Language,
    front: &'f Shopfront,
}

/// A letter that is being written.
struct Started<'f> {
    by: Draft<'f>,
    letter: Letter,
}

impl<'f> Draft<'f> {
    /// Starts a letter with a subject and sentences, whose names in braces are replaced.
    fn said(self, text: (&str, &[&str]), values: &[(&str, &str)]) -> Started<'f> {
        let (subject, sentences) = text;
        let letter = Letter {
            language: self.language,
            shop: self.front.name.clone(),
            subject: fill(subject, values),
            sentences: sentences.iter().map(|sentence| fill(sentence, values)).collect(),
            code: None,
            details: Vec::new(),
            tickets: Vec::new(),
            total: None,
            link: None,
            reason: self.words.because_you_bought,
        };
        Started { by: self, letter }
    }

    fn link(self, label: &'static str, page: &str) -> (&'static str, String) {
        (label, self.front.url.page(page))
    }

    fn cancelled(self, event: &Event, reservation: &ReservationSummary) -> Letter {
        let number = reservation.number.to_string();
        // The event is read when the letter is written: if it is called off, that is the reason.
        let text = match event.state {
            EventState::Cancelled { .. } => self.words.event_cancelled,
            EventState::Draft | EventState::Published => self.words.cancelled,
        };
        let said = self.said(text, &[("number", &number), ("event", &event.details.title)]);
        self.of_tickets(said.of(event, &number), reservation)
    }

    fn returned(
        self,
        event: &Event,
        reservation: &ReservationSummary,
        returned: &ReturnedTickets,
        ticket_types: &[TicketType],
    ) -> Letter {
        let number = reservation.number.to_string();
        let mut said =
            self.said(self.words.returned, &[("number", &number), ("event", &event.details.title)]);
        if !returned.seats.is_empty() {
            let seats = fill(self.words.seats, &[("count", &returned.seats.len().to_string())]);
            said.letter.tickets.push((seats, String::new()));
        }
        for item in &returned.items {
            let name = ticket_types.iter().find(|known| known.id == item.ticket_type);
            let name = name.map_or("", |known| &known.name);
            said.letter.tickets.push((format!("{name} × {}", item.quantity), String::new()));
        }
        said.letter.total = Some((self.words.price, amount(returned.price)));
        said.of(event, &number).done()
    }

    fn refunded(self, event: &Event, number: ReservationNumber, payment: &PaymentSummary) -> Letter {
        let number = number.to_string();
        let refunded = amount(payment.refunded);
        let values = [("number", number.as_str()), ("amount", &refunded), ("event", &event.details.title)];
        let mut said = self.said(self.words.refunded, &values).of(event, &number);
        if let Some(captured) = payment.captured {
            said.letter.details.push((self.words.paid, amount(captured)));
        }
        said.letter.total = Some((self.words.refunded_sum, refunded));
        said.done()
    }

    /// Adds the tickets of a reservation.
    fn of_tickets(self, mut said: Started<'f>, reservation: &ReservationSummary) -> Letter {
        let tickets = &mut said.letter.tickets;
        tickets.extend(reservation.seats.iter().map(|seat| (seat.label.to_string(), amount(seat.price))));
        for item in &reservation.items {
            let price = item.unit_price.times(item.quantity);
            let price = price.map_or_else(|_| String::new(), amount);
            tickets.push((format!("{} × {}", item.name, item.quantity), price));
        }
        said.letter.total = Some((self.words.total, amount(reservation.total)));
        said.done()
    }
}

impl Started<'_> {
    /// Adds the event and the number of the reservation.
    fn of(self, event: &Event, number: &str) -> Self {
        let mut with = self.of_event(event);
        with.letter.details.push((with.by.words.number, number.to_owned()));
        with
    }

    /// Adds the event.
    fn of_event(mut self, event: &Event) -> Self {
        let Draft { words, language, front } = self.by;
        let details = &mut self.letter.details;
        details.push((words.event, event.details.title.clone()));
        details.push((words.date, front.moment(event.details.starts_at, language)));
        if !event.details.venue.is_empty() {
            details.push((words.venue, event.details.venue.clone()));
        }
        self
    }

    fn link(mut self, link: (&'static str, String)) -> Self {
        self.letter.link = Some(link);
        self
    }

    /// Ends a letter with a code.
    fn code(mut self, code: &str) -> Letter {
        self.letter.code = Some(code.to_owned());
        self.for_asking()
    }

    /// Ends a letter that somebody asked for.
    fn for_asking(mut self) -> Letter {
        self.letter.reason = self.by.words.because_of_a_request;
        self.letter
    }

    fn done(self) -> Letter {
        self.letter
    }
}

/// Writes an amount with separators between thousands.
fn amount(money: Money) -> String {
    let text = money.to_string();
    let (number, currency) = text.split_once(' ').unwrap_or((&text, ""));
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        let left = whole.chars().count() - place;
        if place > 0 && left.is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let part = if part.is_empty() { String::new() } else { format!(".{part}") };
    format!("{grouped}{part} {currency}").trim_end().to_owned()
}
