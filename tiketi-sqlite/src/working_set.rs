//! The working copy of one transaction: rows are loaded once, decided on in memory, and written.

use std::collections::{BTreeSet, HashMap, HashSet};

use rusqlite::Connection;
use tiketi_core::decide::{
    Applied, Change, Command, Scope, Snapshot, Subject, Verdict, coalesce_facts, expire, run,
};
use tiketi_core::{
    BuyerId, CommandError, EventId, FactBody, Reservation, ReservationId, StoreError, TicketTypeId, Timestamp,
};

use crate::error::failed;
use crate::load::{self, Counters};
use crate::write;

/// Rows of the events a batch is about, as they stand after the commands decided so far.
///
/// What many commands of a batch change together, stocks, map versions and what is told of them, is written once, by
/// [`WorkingSet::flush`]; all other rows are written as they are decided.
pub(crate) struct WorkingSet<'c> {
    connection: &'c Connection,
    cache: WriterCache,
    written: Counters,
}

/// Most rows kept from one batch to the next: about as many as the next ones look at again.
const MAX_CACHED_ROWS: usize = 4_096;

/// What the one writer need not read again with each batch.
pub(crate) struct WriterCache {
    counters: Counters,
    /// No hold ends before this; most commands need not look for any.
    next_end: Timestamp,
    events: HashMap<EventId, EventRows>,
    /// Another number means that somebody else wrote to the file.
    data_version: i64,
}

impl WriterCache {
    /// Returns what is known, read again if it may no longer be so.
    pub(crate) fn now(connection: &Connection, before: Option<Self>) -> Result<Self, StoreError> {
        let data_version = load::data_version(connection)?;
        match before {
            Some(known) if known.data_version == data_version => Ok(known),
            Some(_) | None => Ok(Self {
                counters: load::counters(connection)?,
                next_end: load::next_end(connection)?,
                events: HashMap::new(),
                data_version,
            }),
        }
    }

    /// Returns how many rows are kept.
    fn size(&self) -> usize {
        let rows = |it: &Snapshot| it.seats().len() + it.reservations().len() + it.payments().len();
        self.events.values().map(|it| rows(&it.snapshot) + it.buyers.len() + 1).sum()
    }
}

/// One event's rows, as many as were needed.
struct EventRows {
    snapshot: Snapshot,
    buyers: HashSet<BuyerId>,
    changed_stock: BTreeSet<TicketTypeId>,
    map_version_written: u64,
    became_true: Vec<(Timestamp, FactBody)>,
}

impl<'c> WorkingSet<'c> {
    pub(crate) fn new(connection: &'c Connection, cache: WriterCache) -> Self {
        let written = cache.counters;
        Self { connection, cache, written }
    }

    /// Returns the connection, for rows that are no event's.
    pub(crate) fn connection(&self) -> &'c Connection {
        self.connection
    }

    /// Runs a sales command: end what is due, load, decide, write, remember.
    pub(crate) fn run<C: Command>(&mut self, command: &C) -> Result<Applied, CommandError<C::Refused>> {
        let unknown = || CommandError::Refused(command.subject_unknown());
        let event = self.event_of(command.subject())?.ok_or_else(unknown)?;
        if !self.open(event)? {
            return Err(unknown());
        }
        self.expire_in(event, command.now())?;
        let remembered = load::command(self.connection, command.key())?;
        self.load(event, command)?;
        let serial = self.cache.counters.reservation + 1;
        let rows = self.rows(event)?;
        rows.snapshot.set_serial(serial);
        match run(command, &rows.snapshot, remembered.as_ref())? {
            Verdict::Replay(effect) => {
                self.load_reservation(event, effect.reservation)?;
                if let Some(payment) = effect.payment {
                    self.load_payment(event, payment)?;
                }
                Ok(Applied::gather(&self.rows(event)?.snapshot, effect, true)?)
            }
            Verdict::Apply(change, record) => {
                if change.reservations.iter().any(|reservation| reservation.number.serial() == serial) {
                    self.cache.counters.reservation = serial;
                }
                self.apply(event, &change, command.now())?;
                write::command(self.connection, command.key(), &record)?;
                Ok(Applied::gather(&self.rows(event)?.snapshot, record.effect, false)?)
            }
        }
    }

    /// Ends reservations that are due in any event, at most `limit`, and returns them.
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

    /// Ends every reservation of an event that is due.
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
        self.open(event)?;
        self.load_reservation(event, reservation)?;
        let rows = self.rows(event)?;
        let Some(known) = rows.snapshot.reservation(reservation) else { return Ok(None) };
        let Some(change) = expire(&rows.snapshot, known, now)? else { return Ok(None) };
        self.apply(event, &change, now)?;
        Ok(self.rows(event)?.snapshot.reservation(reservation).cloned())
    }

    /// Applies a change to the working copy and to the database.
    pub(crate) fn apply(
        &mut self,
        event: EventId,
        change: &Change,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let connection = self.connection;
        let rows = self.rows(event)?;
        rows.snapshot.apply(change)?;
        rows.changed_stock.extend(change.stock.iter().map(|(ticket_type, _)| *ticket_type));
        for reservation in &change.reservations {
            write::reservation(connection, reservation)?;
        }
        for payment in &change.payments {
            write::payment(connection, payment)?;
        }
        for seat in &change.seats {
            let changed =
                rows.snapshot.seat(seat.seat).ok_or_else(|| StoreError::corrupt("a seat is gone"))?;
            write::seat_state(connection, changed)?;
        }
        let ends = change.reservations.iter().filter_map(Reservation::held_until);
        self.cache.next_end = ends.fold(self.cache.next_end, Timestamp::min);
        change.facts.iter().try_for_each(|body| self.announce(event, now, body.clone()))
    }

    /// Lets a fact become true.
    pub(crate) fn announce(
        &mut self,
        event: EventId,
        at: Timestamp,
        body: FactBody,
    ) -> Result<(), StoreError> {
        self.rows(event)?.became_true.push((at, body));
        Ok(())
    }

    /// Writes what many commands of a batch change together, and returns what is known once it is committed.
    pub(crate) fn flush(mut self) -> Result<WriterCache, StoreError> {
        for (event, rows) in &mut self.cache.events {
            for id in std::mem::take(&mut rows.changed_stock) {
                if let Some(ticket_type) = rows.snapshot.ticket_type(id) {
                    write::stock(self.connection, ticket_type)?;
                }
            }
            let map_version = rows.snapshot.map_version();
            if map_version != rows.map_version_written {
                write::map_version(self.connection, *event, map_version)?;
                rows.map_version_written = map_version;
            }
            for (at, body) in coalesce_facts(std::mem::take(&mut rows.became_true)) {
                self.cache.counters.fact += 1;
                write::fact(self.connection, self.cache.counters.fact, *event, at, &body)?;
            }
        }
        if self.cache.counters != self.written {
            write::counters(self.connection, self.cache.counters)?;
        }
        if self.cache.size() > MAX_CACHED_ROWS {
            self.cache.events.clear();
        }
        Ok(self.cache)
    }

    /// Loads an event with its ticket types, unless that is done; tells whether there is one.
    pub(crate) fn open(&mut self, event: EventId) -> Result<bool, StoreError> {
        if self.cache.events.contains_key(&event) {
            return Ok(true);
        }
        let Some(snapshot) = load::event(self.connection, event)? else { return Ok(false) };
        let map_version_written = snapshot.map_version();
        let rows = EventRows {
            snapshot,
            buyers: HashSet::new(),
            changed_stock: BTreeSet::new(),
            map_version_written,
            became_true: Vec::new(),
        };
        self.cache.events.insert(event, rows);
        Ok(true)
    }

    /// Returns the working copy of an event that is open.
    pub(crate) fn snapshot(&mut self, event: EventId) -> Result<&mut Snapshot, StoreError> {
        Ok(&mut self.rows(event)?.snapshot)
    }

    /// Forgets an event that was deleted.
    pub(crate) fn close(&mut self, event: EventId) {
        self.cache.events.remove(&event);
    }

    /// Loads seats of an event, unless they are there.
    pub(crate) fn load_seats(
        &mut self,
        event: EventId,
        seats: impl IntoIterator<Item = tiketi_core::SeatId>,
    ) -> Result<(), StoreError> {
        let connection = self.connection;
        let snapshot = &mut self.rows(event)?.snapshot;
        for id in seats {
            if snapshot.seat(id).is_none()
                && let Some(seat) = load::seat(connection, event, id)?
            {
                snapshot.put_seat(seat);
            }
        }
        Ok(())
    }

    fn rows(&mut self, event: EventId) -> Result<&mut EventRows, StoreError> {
        self.cache
            .events
            .get_mut(&event)
            .ok_or_else(|| StoreError::corrupt(format!("{event:?} does not exist")))
    }

    fn event_of(&self, subject: Subject) -> Result<Option<EventId>, StoreError> {
        match subject {
            Subject::Event(event) => Ok(Some(event)),
            Subject::Reservation(id) => load::event_of_reservation(self.connection, id),
            Subject::Payment(id) => load::event_of_payment(self.connection, id),
        }
    }

    /// Loads the rows a command's rule looks at.
    fn load<C: Command>(&mut self, event: EventId, command: &C) -> Result<(), StoreError> {
        let reads = command.read_set();
        // What no rule accepts need not be looked for.
        if reads.seats.len() <= tiketi_core::limits::MAX_LINES_PER_COMMAND {
            self.load_seats(event, reads.seats.iter().copied())?;
        }
        if let Some(buyer) = reads.buyer
            && self.rows(event)?.buyers.insert(buyer)
        {
            for reservation in load::live_of(self.connection, event, buyer)? {
                self.load_reservation(event, reservation)?;
            }
        }
        if let Some(id) = reads.new_reservation {
            self.load_reservation(event, id)?;
        }
        if let Some(id) = reads.new_payment {
            self.load_payment(event, id)?;
        }
        match command.subject() {
            Subject::Event(_) => Ok(()),
            Subject::Reservation(id) => self.load_reservation(event, id),
            Subject::Payment(id) => self.load_payment(event, id),
        }
    }

    /// Loads a reservation with its seats and its latest payment, unless it is there.
    fn load_reservation(&mut self, event: EventId, id: ReservationId) -> Result<(), StoreError> {
        if self.rows(event)?.snapshot.reservation(id).is_some() {
            return Ok(());
        }
        let found = load::reservation(self.connection, id)?;
        let Some(reservation) = found.filter(|row| row.event == event) else { return Ok(()) };
        self.load_seats(event, reservation.seats.iter().map(|line| line.seat))?;
        if let Some(payment) = reservation.payment
            && self.rows(event)?.snapshot.payment(payment).is_none()
            && let Some(payment) = load::payment(self.connection, payment)?
        {
            self.rows(event)?.snapshot.put_payment(payment);
        }
        self.rows(event)?.snapshot.put_reservation(reservation);
        Ok(())
    }

    /// Loads a payment with its reservation, unless they are there.
    fn load_payment(&mut self, event: EventId, id: tiketi_core::PaymentId) -> Result<(), StoreError> {
        if self.rows(event)?.snapshot.payment(id).is_none()
            && let Some(payment) = load::payment(self.connection, id)?.filter(|row| row.event == event)
        {
            self.rows(event)?.snapshot.put_payment(payment);
        }
        match self.rows(event)?.snapshot.payment(id).map(|payment| payment.reservation) {
            Some(reservation) => self.load_reservation(event, reservation),
            None => Ok(()),
        }
    }

    /// Limits the file to so many bytes.
    pub(crate) fn limit_size(&self, bytes: Option<u64>) -> Result<(), StoreError> {
        let page: i64 =
            self.connection.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(failed)?;
        // SQLite takes 0 pages for no limit at all, and fewer than there are for as many as there are.
        let pages = bytes.map_or(i64::from(u32::MAX - 1), |bytes| (tiketi_sql::stored(bytes) / page).max(1));
        let set = format!("PRAGMA max_page_count = {pages}");
        self.connection.query_row(&set, (), |_| Ok(())).map_err(failed)
    }
}

#[cfg(test)]
mod tests;
