//! What is yet to be sent to other servers: of each event the latest news, and the news of buyers in their order.

use std::collections::HashMap;

use tiketi_core::TicketTypeId;
use tiketi_core::broadcast::{AnyMessage, BuyerOnly, EventRoom, Message, PrivateNews, PublicNews};
use tiketi_core::event::EventStatus;
use tiketi_core::waiting_room::Serving;

/// Most events with news that wait.
const MAX_EVENTS: usize = 10_000;
/// Most news of buyers that wait.
const MAX_PRIVATE: usize = 4_096;

/// Messages that wait, merged.
#[derive(Debug, Default)]
pub(super) struct Pending {
    events: HashMap<EventRoom, OfEvent>,
    private: Vec<(BuyerOnly, PrivateNews)>,
    /// Whether messages were left out, so that every listener has to read the store.
    is_incomplete: bool,
}

/// The latest news of an event.
#[derive(Debug, Default)]
struct OfEvent {
    map_version: Option<u64>,
    /// A list, because an event has few ticket types.
    stock: Vec<(TicketTypeId, u32)>,
    status: Option<EventStatus>,
    serving: Option<Box<Serving>>,
}

impl Pending {
    /// Adds a message; it replaces earlier ones of the same kind about the same.
    pub(super) fn add(&mut self, message: AnyMessage) {
        match message {
            AnyMessage::Room(Message { to, news }) => {
                if self.events.len() >= MAX_EVENTS && !self.events.contains_key(&to) {
                    self.events.clear();
                    self.is_incomplete = true;
                }
                self.events.entry(to).or_default().add(news);
            }
            AnyMessage::Buyer(Message { to, news }) => {
                if self.private.len() >= MAX_PRIVATE {
                    self.private.clear();
                    self.is_incomplete = true;
                }
                self.private.push((to, news));
            }
        }
    }

    /// Returns whether messages were left out.
    pub(super) fn is_incomplete(&self) -> bool {
        self.is_incomplete
    }

    /// Returns the messages.
    pub(super) fn into_messages(self) -> impl Iterator<Item = AnyMessage> {
        let public = self.events.into_iter().flat_map(|(room, of_event)| {
            of_event.into_news().map(move |news| Message::new(room, news).into())
        });
        public.chain(self.private.into_iter().map(|(buyer, news)| Message::new(buyer, news).into()))
    }
}

impl OfEvent {
    fn add(&mut self, news: PublicNews) {
        match news {
            PublicNews::Seats(delta) => self.map_version = self.map_version.max(Some(delta.version)),
            PublicNews::MapVersion { version } => self.map_version = self.map_version.max(Some(version)),
            PublicNews::Stock { ticket_type, available } => {
                match self.stock.iter_mut().find(|(known, _)| *known == ticket_type) {
                    Some((_, before)) => *before = available,
                    None => self.stock.push((ticket_type, available)),
                }
            }
            PublicNews::Status { status } => self.status = Some(status),
            PublicNews::Serving(serving) => self.serving = Some(serving),
        }
    }

    fn into_news(self) -> impl Iterator<Item = PublicNews> {
        let version = self.map_version.map(|version| PublicNews::MapVersion { version });
        let stock = self.stock.into_iter();
        let stock = stock.map(|(ticket_type, available)| PublicNews::Stock { ticket_type, available });
        let status = self.status.map(|status| PublicNews::Status { status });
        stock.chain(status).chain(version).chain(self.serving.map(PublicNews::Serving))
    }
}

#[cfg(test)]
mod tests {
    use tiketi_core::broadcast::SeatsDelta;
    use tiketi_core::{BuyerId, EventId, ReservationId};
    use uuid::Uuid;

    use super::*;

    fn room(number: u128) -> EventRoom {
        EventRoom(EventId::from_uuid(Uuid::from_u128(number)))
    }

    fn seats(version: u64) -> PublicNews {
        PublicNews::Seats(SeatsDelta { since: version - 1, version, changes: [].into() })
    }

    fn stock(ticket_type: u128, available: u32) -> PublicNews {
        PublicNews::Stock { ticket_type: TicketTypeId::from_uuid(Uuid::from_u128(ticket_type)), available }
    }

    fn own(number: u128) -> (BuyerOnly, PrivateNews) {
        let (event, reservation) = (room(1).0, ReservationId::from_uuid(Uuid::from_u128(number)));
        let buyer = BuyerOnly(BuyerId::from_uuid(Uuid::from_u128(number)));
        (buyer, PrivateNews::ReservationConfirmed { event, reservation })
    }

    #[test]
    fn the_latest_news_of_each_kind_and_event_are_sent_and_all_of_buyers() {
        let mut pending = Pending::default();
        let status = PublicNews::Status { status: EventStatus::SoldOut };
        for news in [seats(3), stock(1, 9), stock(2, 5), seats(2), stock(1, 8), status.clone()] {
            pending.add(Message::new(room(1), news).into());
        }
        let ((ada, first), (ben, second)) = (own(1), own(2));
        pending.add(Message::new(ada, first.clone()).into());
        pending.add(Message::new(ben, second.clone()).into());
        pending.add(Message::new(ada, first.clone()).into());
        let public = [stock(1, 8), stock(2, 5), status, PublicNews::MapVersion { version: 3 }];
        let mut expected: Vec<AnyMessage> = public.map(|news| Message::new(room(1), news).into()).into();
        expected.extend(
            [(ada, first.clone()), (ben, second), (ada, first)]
                .map(|(to, news)| AnyMessage::from(Message::new(to, news))),
        );
        assert!(!pending.is_incomplete());
        assert_eq!(pending.into_messages().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn memory_is_limited_and_what_is_left_out_is_told() {
        let mut pending = Pending::default();
        (0..=MAX_EVENTS).for_each(|at| pending.add(Message::new(room(at as u128), seats(2)).into()));
        assert!(pending.is_incomplete());
        assert_eq!(pending.into_messages().count(), 1);
        let mut pending = Pending::default();
        for _ in 0..=MAX_PRIVATE {
            let (to, news) = own(1);
            pending.add(Message::new(to, news).into());
        }
        assert!(pending.is_incomplete());
        assert_eq!(pending.into_messages().count(), 1);
    }
}
