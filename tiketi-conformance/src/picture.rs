//! All visible rows of a store, to check that a command changed nothing.

use std::fmt::Debug;
use std::future::Future;

use tiketi_core::decide::{Applied, Envelope, SalesCommand};
use tiketi_core::{
    CommandError, EventId, PageRequest, Payment, Reservation, Seat, SeatMap, SeatState, TicketTypeId,
    store::EventView, ticket_type::Stock,
};

use crate::hall::Hall;
use crate::shop::TestShop;

/// All rows that a store shows of the events and buyers of a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Picture {
    /// Events with their ticket types and stock, and their seats.
    pub events: Vec<(EventView, SeatMap)>,
    /// Reservations of all buyers, by id.
    pub reservations: Vec<Reservation>,
    /// Payments, by id.
    pub payments: Vec<Payment>,
    /// Number of facts published so far.
    pub facts: usize,
}

impl Picture {
    /// Returns a reservation of the picture.
    pub fn reservation(&self, id: tiketi_core::ReservationId) -> Option<&Reservation> {
        self.reservations.iter().find(|known| known.id == id)
    }

    /// Returns a payment of the picture.
    pub fn payment(&self, id: tiketi_core::PaymentId) -> Option<&Payment> {
        self.payments.iter().find(|known| known.id == id)
    }

    /// Returns the reservations of an event.
    pub fn reservations_of(&self, event: EventId) -> impl Iterator<Item = &Reservation> {
        self.reservations.iter().filter(move |known| known.event == event)
    }
}

impl TestShop {
    /// Reads pictures until two in a row are equal.
    ///
    /// An adapter may still be executing a command whose caller left.
    pub async fn settled_picture(&self) -> Picture {
        let mut picture = self.picture().await;
        loop {
            tokio::task::yield_now().await;
            let next = self.picture().await;
            if next == picture {
                return next;
            }
            picture = next;
        }
    }

    /// Reads a picture; it moves all facts from the outbox to the shop's record.
    pub async fn picture(&self) -> Picture {
        self.drain().await;
        let (events, buyers, payments, facts) = {
            let known = self.known();
            (known.events.clone(), known.buyers.clone(), known.payments.clone(), known.facts.len())
        };
        let store = self.store();
        let mut picture =
            Picture { events: Vec::new(), reservations: Vec::new(), payments: Vec::new(), facts };
        for event in events {
            let view = store.event(event).await.expect("an event can be read");
            let map = store.seat_map(event, 0).await.expect("a seat map can be read");
            picture.events.extend(view.zip(map));
        }
        for buyer in buyers {
            picture.reservations.extend(self.all_of(buyer).await);
        }
        picture.reservations.sort_by_key(|reservation| reservation.id);
        for payment in payments {
            picture.payments.extend(store.payment(payment).await.expect("a payment can be read"));
        }
        picture
    }

    /// Returns all reservations of a buyer, the newest first.
    pub async fn all_of(&self, buyer: tiketi_core::BuyerId) -> Vec<Reservation> {
        let store = self.store();
        let mut all = Vec::new();
        for number in 1.. {
            let page = PageRequest::new(number, 100).expect("the page is in range");
            let page = store.reservations_of(buyer, None, page).await.expect("reservations can be read");
            all.extend(page.rows);
            if all.len() as u64 >= page.total {
                break;
            }
        }
        all
    }

    /// Returns a seat in its current state.
    pub async fn seat(&self, hall: &Hall, at: usize) -> Seat {
        let map = self.store().seat_map(hall.event, 0).await.expect("a seat map can be read");
        let map = map.expect("the event exists");
        map.seats.into_iter().find(|seat| seat.id == hall.seats[at]).expect("the seat exists")
    }

    /// Returns the current state of a seat.
    pub async fn seat_state(&self, hall: &Hall, at: usize) -> SeatState {
        self.seat(hall, at).await.state
    }

    /// Returns the current stock of a ticket type.
    pub async fn stock(&self, of: TicketTypeId) -> Stock {
        let found = self.store().ticket_type(of).await.expect("a ticket type can be read");
        found.expect("the ticket type exists").stock
    }

    /// Checks that an answer is exactly this refusal, and that nothing changed.
    ///
    /// # Panics
    ///
    /// If the answer is another one, or if something changed.
    pub async fn refuses<T: Debug, R: PartialEq + Debug>(
        &self,
        answer: impl Future<Output = Result<T, CommandError<R>>>,
        why: R,
    ) {
        let before = self.picture().await;
        match answer.await {
            Err(CommandError::Refused(refused)) => assert_eq!(refused, why),
            other => panic!("should be refused with {why:?}\nbut came to {other:?}"),
        }
        assert_eq!(self.picture().await, before, "a refusal changed something: {why:?}");
    }

    /// Checks that a command is refused and that its key stays free.
    ///
    /// # Panics
    ///
    /// If the command is not refused, or if its key is taken.
    pub async fn refuse<C: SalesCommand>(&self, command: C, why: C::Refused) {
        let command = self.envelope(command);
        self.refuses(self.execute(command.clone()), why.clone()).await;
        self.refuses(self.execute(command), why).await;
    }

    /// Checks that a command sent twice takes effect once.
    ///
    /// # Panics
    ///
    /// If the second command changes anything, adds a fact, or gets another answer.
    pub async fn twice<C: SalesCommand>(&self, command: C) -> Applied {
        let command = self.envelope(command);
        let first = self.apply_envelope(command.clone()).await;
        let before = self.picture().await;
        let later = command.now.after(std::time::Duration::from_micros(1));
        for again in [command.clone(), Envelope { now: later, ..command }] {
            let again = self.execute(again).await.expect("a repetition is answered");
            assert_eq!(again, Applied { replayed: true, ..first.clone() });
        }
        assert_eq!(self.picture().await, before, "a repetition changed something");
        first
    }

    /// Checks that a key cannot be used for another command, and returns what the first one did.
    ///
    /// # Panics
    ///
    /// If it can be used, or if anything changes.
    pub async fn no_reuse<A: SalesCommand, B: SalesCommand>(&self, first: A, other: B) -> Applied {
        let key = self.key();
        let applied = self.apply_envelope(first.at(self.now(), key)).await;
        let before = self.picture().await;
        match self.execute(other.at(self.now(), key)).await {
            Err(CommandError::KeyReused) => {}
            answer => panic!("a key used for other content should be refused, not {answer:?}"),
        }
        assert_eq!(self.picture().await, before, "a reused key changed something");
        applied
    }
}
