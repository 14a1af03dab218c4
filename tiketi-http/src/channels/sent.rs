//! What a room has sent about an event, to find what is new in a later picture.

use std::time::Duration;

use tiketi_core::live_seats::SeatUpdate;
use tiketi_core::waiting_room::Serving;
use tiketi_core::{EventStatus, TicketTypeId};

use crate::channels::name::Topic;
use crate::channels::protocol::{
    Body, EventSnapshot, EventStatusChanged, QueueStock, QueueUpdated, TicketUpdated,
};
use crate::picture::Picture;
use crate::status_words::event_status_word;

/// What a room has sent about an event.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// `None` before the first picture.
    version: Option<u64>,
    status: Option<EventStatus>,
    stock: Vec<(TicketTypeId, u32)>,
    queue: Option<QueueUpdated>,
}

/// What is new in a picture.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Whether the event has other seats than before, or so many changes that a snapshot is needed.
    pub(crate) has_other_seats: bool,
    /// The map version before the changes.
    pub(crate) version_before: u64,
    pub(crate) seats: Vec<SeatUpdate>,
    pub(crate) bodies: Vec<(Topic, Body)>,
}

impl Sent {
    /// Finds what is new; the first picture is shown by snapshots, and has no news.
    pub(crate) fn take(&mut self, picture: &Picture) -> News {
        let mut news = News::default();
        let is_first = self.version.is_none();
        if let Some(version) = self.version
            && (version, picture.seats.version()) != (0, 0)
        {
            news.version_before = version;
            match picture.seats.since(version) {
                Some(updates) => news.seats = updates,
                None => news.has_other_seats = true,
            }
        }
        self.version = Some(picture.seats.version());
        self.take_status(picture, &mut news);
        self.take_stock(picture, &mut news);
        self.take_serving(picture, &mut news);
        if is_first { News::default() } else { news }
    }

    fn take_status(&mut self, picture: &Picture, news: &mut News) {
        let status = picture.status;
        if self.status.replace(status) != Some(status) {
            let status = event_status_word(status).to_owned();
            news.bodies.push((Topic::Event, Body::EventStatusChanged(EventStatusChanged { status })));
        }
    }

    fn take_stock(&mut self, picture: &Picture, news: &mut News) {
        let stock = stock_of(picture);
        for (ticket_type, available) in &stock {
            if !self.stock.contains(&(*ticket_type, *available)) {
                let updated = ticket_updated(*ticket_type, *available);
                news.bodies.push((Topic::Event, Body::TicketUpdated(updated)));
            }
        }
        self.stock = stock;
    }

    fn take_serving(&mut self, picture: &Picture, news: &mut News) {
        let Some(queue) = picture.serving.as_deref().map(queue_updated) else { return };
        if self.queue.as_ref() != Some(&queue) {
            news.bodies.push((Topic::Queue, Body::QueueUpdated(queue.clone())));
            self.queue = Some(queue);
        }
    }
}

/// Shows status and stock of an event.
pub(crate) fn event_snapshot(picture: &Picture) -> EventSnapshot {
    EventSnapshot {
        status: event_status_word(picture.status).to_owned(),
        ticket_types: stock_of(picture)
            .into_iter()
            .map(|(id, available)| ticket_updated(id, available))
            .collect(),
    }
}

/// Shows the public state of a waiting room.
pub(crate) fn queue_updated(serving: &Serving) -> QueueUpdated {
    QueueUpdated {
        serving_number: serving.number,
        priority_serving_number: serving.priority_number,
        total_waiting: serving.waiting,
        estimated_wait: serving.wait.map(seconds),
        stock: serving.stock.map(|stock| QueueStock { unsold: stock.unsold, returning: stock.returning }),
    }
}

/// Rounds up to whole seconds.
fn seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX)
}

fn stock_of(picture: &Picture) -> Vec<(TicketTypeId, u32)> {
    let types = picture.view.ticket_types.iter();
    types.map(|ticket_type| (ticket_type.id, ticket_type.stock.available())).collect()
}

fn ticket_updated(ticket_type: TicketTypeId, available: u32) -> TicketUpdated {
    TicketUpdated { ticket_type_id: ticket_type.to_string(), available }
}
