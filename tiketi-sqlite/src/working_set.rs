//! The working set of one transaction: rows are loaded once, decided on in memory, and written.

use std::collections::{BTreeSet, HashMap};

use rusqlite::Connection;
use tiketi_core::decide::{
    Change, Command, CommandRecord, Effect, Envelope, Scope, Snapshot, Subject, WorkingRows, any_left,
    coalesce_facts,
};
use tiketi_core::{
    CommandKey, EventId, FactBody, Reservation, ReservationId, StoreError, TicketTypeId, Timestamp,
    broadcast::CommitPublisher, fact::FactKinds,
};
use tiketi_sql::{BatchReadSet, EventRows};

use crate::error::failed;
use crate::load::{self, Counters};
use crate::write;

/// The rows of the events of a batch, after the commands that were decided so far.
///
/// Stocks, map versions and their facts change with many commands of a batch, so [`WorkingSet::flush`] writes them
/// once. All other rows are written when they are decided.
pub(crate) struct WorkingSet<'c> {
    connection: &'c Connection,
    cache: WriterCache,
    written: Counters,
    publisher: &'c CommitPublisher,
}

/// Most rows cached from one batch to the next: about as many as the next batches read again.
const MAX_CACHED_ROWS: usize = 4_096;

/// What the writer caches from one batch to the next.
pub(crate) struct WriterCache {
    counters: Counters,
    /// No hold ends before this time, so most commands need not search for ended holds.
    next_end: Timestamp,
    events: HashMap<EventId, OpenEvent>,
    /// Registered subscribers, and the kinds of facts that each wants.
    subscribers: Vec<(i64, FactKinds)>,
    /// Changes when another connection writes to the file.
    data_version: i64,
}

impl WriterCache {
    /// Returns the cache, read again if another connection has written.
    pub(crate) fn now(connection: &Connection, before: Option<Self>) -> Result<Self, StoreError> {
        let data_version = load::data_version(connection)?;
        match before {
            Some(known) if known.data_version == data_version => Ok(known),
            Some(_) | None => Ok(Self {
                counters: load::counters(connection)?,
                next_end: load::next_end(connection)?,
                events: HashMap::new(),
                subscribers: load::subscribers(connection)?,
                data_version,
            }),
        }
    }

    /// Returns the number of cached rows.
    fn size(&self) -> usize {
        self.events.values().map(|event| event.rows.size()).sum()
    }
}

/// One event's rows, and the changes that are not written yet.
struct OpenEvent {
    rows: EventRows,
    changed_stock: BTreeSet<TicketTypeId>,
    map_version_written: u64,
    any_left_written: bool,
    became_true: Vec<(Timestamp, FactBody)>,
}

impl<'c> WorkingSet<'c> {
    pub(crate) fn new(
        connection: &'c Connection,
        cache: WriterCache,
        publisher: &'c CommitPublisher,
    ) -> Self {
        let written = cache.counters;
        Self { connection, cache, written, publisher }
    }

    /// Returns the connection, for rows that belong to no event.
    pub(crate) fn connection(&self) -> &'c Connection {
        self.connection
    }

    /// Ends due reservations of all events, at most `limit`, and returns them.
    pub(crate) fn expire_due(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Reservation>, StoreError> {
        let due = load::due(self.connection, now, limit)?;
        let mut ended = Vec::with_capacity(due.len());
        for (event, reservation) in due {
            ended.extend(self.expire_one(event, reservation, now)?);
        }
        Ok(ended)
    }

    /// Ends those of an event's reservations that are due, and returns them.
    pub(crate) fn expire_these(
        &mut self,
        event: EventId,
        due: &[ReservationId],
        now: Timestamp,
    ) -> Result<Vec<Reservation>, StoreError> {
        let mut ended = Vec::with_capacity(due.len());
        for reservation in due {
            ended.extend(self.expire_one(event, *reservation, now)?);
        }
        Ok(ended)
    }

    /// Ends every due reservation of an event.
    pub(crate) fn expire_in(&mut self, event: EventId, now: Timestamp) -> Result<(), StoreError> {
        if now < self.cache.next_end {
            return Ok(());
        }
        for reservation in load::due_in(self.connection, event, now)? {
            self.expire_one(event, reservation, now)?;
        }
        self.cache.next_end = load::next_end(self.connection)?;
        Ok(())
    }

    fn expire_one(
        &mut self,
        event: EventId,
        reservation: ReservationId,
        now: Timestamp,
    ) -> Result<Option<Reservation>, StoreError> {
        self.open_event(event)?;
        self.load_reservation(event, reservation)?;
        let Some(change) = self.opened(event)?.rows.expire(reservation, now)? else { return Ok(None) };
        self.write(event, &change, now)?;
        Ok(self.snapshot(event)?.reservation(reservation).cloned())
    }

    /// Applies a change to the working set and to the database.
    pub(crate) fn write(
        &mut self,
        event: EventId,
        change: &Change,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let connection = self.connection;
        let opened = self.opened(event)?;
        opened.rows.snapshot.apply(change)?;
        opened.changed_stock.extend(change.stock.iter().map(|(ticket_type, _)| *ticket_type));
        for reservation in &change.reservations {
            write::reservation(connection, reservation)?;
        }
        for payment in &change.payments {
            write::payment(connection, payment)?;
        }
        for seat in &change.seats {
            let changed =
                opened.rows.snapshot.seat(seat.seat).ok_or_else(|| StoreError::corrupt("a seat is gone"))?;
            write::seat_state(connection, changed)?;
        }
        let ends = change.reservations.iter().filter_map(Reservation::held_until);
        self.cache.next_end = ends.fold(self.cache.next_end, Timestamp::min);
        change.facts.iter().try_for_each(|body| self.announce(event, now, body.clone()))
    }

    /// Reads the subscribers again after a change of them.
    pub(crate) fn resubscribe(&mut self) -> Result<(), StoreError> {
        self.cache.subscribers = load::subscribers(self.connection)?;
        Ok(())
    }

    /// Publishes a fact to those who want its kind.
    pub(crate) fn announce(
        &mut self,
        event: EventId,
        at: Timestamp,
        body: FactBody,
    ) -> Result<(), StoreError> {
        self.opened(event)?.became_true.push((at, body));
        Ok(())
    }

    /// Returns the kinds of facts of an event that a subscriber or a broadcast wants.
    fn wanted_facts(&self, event: EventId) -> FactKinds {
        let subscribed = self.cache.subscribers.iter().map(|(_, kinds)| *kinds);
        subscribed.fold(self.publisher.wanted(event), FactKinds::or)
    }

    /// Writes what many commands of a batch change together, and returns the cache for the next batch and the facts to
    /// broadcast after the commit.
    pub(crate) fn flush(mut self) -> Result<(WriterCache, Vec<(EventId, FactBody)>), StoreError> {
        let mut published = Vec::new();
        for (event, opened) in &mut self.cache.events {
            for id in std::mem::take(&mut opened.changed_stock) {
                if let Some(ticket_type) = opened.rows.snapshot.ticket_type(id) {
                    write::stock(self.connection, ticket_type)?;
                }
            }
            let broadcast = self.publisher.wanted(*event);
            let map_version = opened.rows.snapshot.map_version();
            let any_left = any_left(opened.rows.snapshot.ticket_types());
            if any_left != opened.any_left_written {
                write::any_left(self.connection, *event, any_left)?;
                opened.any_left_written = any_left;
            }
            if map_version != opened.map_version_written {
                write::map_version(self.connection, *event, map_version)?;
                opened.map_version_written = map_version;
            }
            for fact in coalesce_facts(std::mem::take(&mut opened.became_true)) {
                let wanting = self.cache.subscribers.iter().filter(|it| it.1.contains(fact.1.kind()));
                let wanting: Vec<i64> = wanting.map(|it| it.0).collect();
                if !wanting.is_empty() {
                    self.cache.counters.fact += 1;
                    write::fact(self.connection, &wanting, self.cache.counters.fact, *event, &fact)?;
                }
                if broadcast.contains(fact.1.kind()) {
                    published.push((*event, fact.1));
                }
            }
        }
        if self.cache.counters != self.written {
            write::counters(self.connection, self.cache.counters)?;
        }
        if self.cache.size() > MAX_CACHED_ROWS {
            self.cache.events.clear();
        }
        Ok((self.cache, published))
    }

    /// Loads an event with its ticket types, unless it is loaded; returns whether it exists.
    pub(crate) fn open_event(&mut self, event: EventId) -> Result<bool, StoreError> {
        let wanted = self.wanted_facts(event);
        if let Some(opened) = self.cache.events.get_mut(&event) {
            opened.rows.snapshot.set_wanted_facts(wanted);
            return Ok(true);
        }
        let Some(mut snapshot) = load::event(self.connection, event)? else { return Ok(false) };
        snapshot.set_wanted_facts(wanted);
        let map_version_written = snapshot.map_version();
        let any_left_written = any_left(snapshot.ticket_types());
        let opened = OpenEvent {
            rows: EventRows::new(snapshot),
            changed_stock: BTreeSet::new(),
            map_version_written,
            any_left_written,
            became_true: Vec::new(),
        };
        self.cache.events.insert(event, opened);
        Ok(true)
    }

    /// Returns the snapshot of a loaded event.
    pub(crate) fn snapshot(&mut self, event: EventId) -> Result<&mut Snapshot, StoreError> {
        Ok(&mut self.opened(event)?.rows.snapshot)
    }

    /// Removes a deleted event from the cache.
    pub(crate) fn close(&mut self, event: EventId) {
        self.cache.events.remove(&event);
    }

    /// Loads seats of an event, unless they are loaded.
    pub(crate) fn load_seats(
        &mut self,
        event: EventId,
        seats: impl IntoIterator<Item = tiketi_core::SeatId>,
    ) -> Result<(), StoreError> {
        let connection = self.connection;
        let snapshot = self.snapshot(event)?;
        for id in seats {
            if snapshot.seat(id).is_none()
                && let Some(seat) = load::seat(connection, event, id)?
            {
                snapshot.put_seat(seat);
            }
        }
        Ok(())
    }

    fn opened(&mut self, event: EventId) -> Result<&mut OpenEvent, StoreError> {
        self.cache.events.get_mut(&event).ok_or_else(|| not_open(event))
    }

    fn event_of(&self, subject: Subject) -> Result<Option<EventId>, StoreError> {
        match subject {
            Subject::Event(event) => Ok(Some(event)),
            Subject::Reservation(id) => load::event_of_reservation(self.connection, id),
            Subject::Payment(id) => load::event_of_payment(self.connection, id),
        }
    }

    /// Loads the rows of a read set, unless they are loaded.
    fn load(&mut self, event: EventId, reads: BatchReadSet) -> Result<(), StoreError> {
        self.load_seats(event, reads.seats)?;
        for buyer in reads.buyers {
            if self.opened(event)?.rows.buyers.insert(buyer) {
                for reservation in load::live_of(self.connection, event, buyer)? {
                    self.load_reservation(event, reservation)?;
                }
            }
        }
        for reservation in reads.reservations {
            self.load_reservation(event, reservation)?;
        }
        for payment in reads.payments {
            self.load_payment(event, payment)?;
        }
        Ok(())
    }

    /// Loads a reservation with its seats and its latest payment, unless it is loaded.
    fn load_reservation(&mut self, event: EventId, id: ReservationId) -> Result<(), StoreError> {
        if self.snapshot(event)?.reservation(id).is_some() {
            return Ok(());
        }
        let found = load::reservation(self.connection, id)?;
        let Some(reservation) = found.filter(|row| row.event == event) else { return Ok(()) };
        self.load_seats(event, reservation.seats.iter().map(|line| line.seat))?;
        if let Some(payment) = reservation.payment
            && self.snapshot(event)?.payment(payment).is_none()
            && let Some(payment) = load::payment(self.connection, payment)?
        {
            self.snapshot(event)?.put_payment(payment);
        }
        self.snapshot(event)?.put_reservation(reservation);
        Ok(())
    }

    /// Loads a payment with its reservation, unless they are loaded.
    fn load_payment(&mut self, event: EventId, id: tiketi_core::PaymentId) -> Result<(), StoreError> {
        if self.snapshot(event)?.payment(id).is_none()
            && let Some(payment) = load::payment(self.connection, id)?.filter(|row| row.event == event)
        {
            self.snapshot(event)?.put_payment(payment);
        }
        match self.snapshot(event)?.payment(id).map(|payment| payment.reservation) {
            Some(reservation) => self.load_reservation(event, reservation),
            None => Ok(()),
        }
    }

    /// Limits the size of the file in bytes.
    pub(crate) fn limit_size(&self, bytes: Option<u64>) -> Result<(), StoreError> {
        let page: i64 =
            self.connection.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(failed)?;
        // For SQLite, 0 pages means no limit, and a limit below the present number of pages means that number.
        let pages = bytes.map_or(i64::from(u32::MAX - 1), |bytes| (tiketi_sql::stored(bytes) / page).max(1));
        let set = format!("PRAGMA max_page_count = {pages}");
        self.connection.query_row(&set, (), |_| Ok(())).map_err(failed)
    }
}

impl WorkingRows for WorkingSet<'_> {
    type Rows = Snapshot;

    fn open<C: Command>(&mut self, command: &Envelope<C>) -> Result<Option<EventId>, StoreError> {
        let Some(event) = self.event_of(command.command.subject())? else { return Ok(None) };
        if !self.open_event(event)? {
            return Ok(None);
        }
        self.expire_in(event, command.now)?;
        let mut reads = BatchReadSet::default();
        reads.command(command);
        self.load(event, reads)?;
        let serial = self.cache.counters.reservation + 1;
        self.snapshot(event)?.set_serial(serial);
        Ok(Some(event))
    }

    fn record(&mut self, key: CommandKey) -> Result<Option<CommandRecord>, StoreError> {
        load::command(self.connection, key)
    }

    fn rows(&self, event: EventId) -> Result<&Snapshot, StoreError> {
        let opened = self.cache.events.get(&event);
        opened.map(|opened| &opened.rows.snapshot).ok_or_else(|| not_open(event))
    }

    fn apply(
        &mut self,
        event: EventId,
        change: &Change,
        now: Timestamp,
        (key, record): (CommandKey, CommandRecord),
    ) -> Result<(), StoreError> {
        let serial = self.rows(event)?.serial();
        if change.reservations.iter().any(|reservation| reservation.number.serial() == serial) {
            self.cache.counters.reservation = serial;
        }
        self.write(event, change, now)?;
        write::command(self.connection, key, &record)
    }

    fn load_effect(&mut self, event: EventId, effect: Effect) -> Result<(), StoreError> {
        self.load_reservation(event, effect.reservation)?;
        effect.payment.map_or(Ok(()), |payment| self.load_payment(event, payment))
    }
}

fn not_open(event: EventId) -> StoreError {
    StoreError::corrupt(format!("{event:?} does not exist"))
}

#[cfg(test)]
mod tests;
