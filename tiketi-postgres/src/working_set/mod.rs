//! The working set of one event: rows are loaded once, decided on in memory, and written together.

pub(crate) mod load;
pub(crate) mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use tiketi_core::decide::{
    Change, Command, CommandRecord, CreationRecord, Effect, Envelope, Scope, Snapshot, WorkingRows,
    check_clock,
};
use tiketi_core::{
    BuyerId, CommandKey, Event, EventId, FactBody, PaymentId, Reservation, ReservationId, SeatId, StoreError,
    TicketType, TicketTypeId, Timestamp, fact::FactKinds, search::searched_text,
};
use tiketi_sql::EventRows;

/// The rows of one event after the commands that were decided so far, and their changes.
#[derive(Debug)]
pub(crate) struct WorkingSet {
    /// `None` if the event does not exist.
    rows: Option<EventRows>,
    records: HashMap<CommandKey, CommandRecord>,
    creations: HashMap<CommandKey, CreationRecord>,
    serials: VecDeque<u64>,
    has_reservations: bool,
    writes: WriteSet,
    /// The kinds of facts that any subscriber wants; other facts are not written.
    wanted: FactKinds,
    /// `None` if the event does not exist: then a wrong clock cannot end anything.
    clock: Option<BatchClock>,
}

impl WorkingSet {
    /// Starts with an event and its ticket types, or with `None` if the event does not exist.
    pub(crate) fn new(snapshot: Option<Snapshot>) -> Self {
        Self {
            rows: snapshot.map(EventRows::new),
            records: HashMap::new(),
            creations: HashMap::new(),
            serials: VecDeque::new(),
            has_reservations: false,
            writes: WriteSet::default(),
            wanted: FactKinds::default(),
            clock: None,
        }
    }

    /// Sets the database's clock.
    pub(crate) fn set_clock(&mut self, clock: BatchClock) {
        self.clock = Some(clock);
    }

    /// Sets the kinds of facts that any subscriber wants, and those that any broadcast wants.
    pub(crate) fn set_wanted(&mut self, wanted: FactKinds, broadcast: FactKinds) {
        self.wanted = wanted;
        if let Some(rows) = &mut self.rows {
            rows.snapshot.set_wanted_facts(wanted.or(broadcast));
        }
    }

    /// Returns the kinds of facts that any subscriber wants.
    pub(crate) fn wanted(&self) -> FactKinds {
        self.wanted
    }

    /// Fails for a command whose time is too far ahead of the database's clock; runs before the command is decided.
    pub(crate) fn check_clock(&self, now: Timestamp) -> Result<(), StoreError> {
        self.clock.map_or(Ok(()), |clock| clock.check(now))
    }

    /// Returns the event's rows, if the event exists.
    pub(crate) fn snapshot(&self) -> Option<&Snapshot> {
        self.rows.as_ref().map(|rows| &rows.snapshot)
    }

    /// Returns the rows, to add loaded ones.
    pub(crate) fn loading(&mut self) -> Result<&mut Snapshot, StoreError> {
        let rows = self.rows.as_mut().map(|rows| &mut rows.snapshot);
        rows.ok_or_else(|| StoreError::corrupt("rows of an event that does not exist"))
    }

    /// Takes the facts of all commands of the batch, in order.
    pub(crate) fn take_facts(&mut self) -> Vec<(Timestamp, FactBody)> {
        std::mem::take(&mut self.writes.facts)
    }

    /// Returns the changes of the commands.
    pub(crate) fn writes(&self) -> &WriteSet {
        &self.writes
    }

    /// Adds the record of an earlier command.
    pub(crate) fn put_record(&mut self, key: CommandKey, record: CommandRecord) {
        self.records.insert(key, record);
    }

    /// Adds the record of an earlier creation.
    pub(crate) fn put_creation(&mut self, key: CommandKey, record: CreationRecord) {
        self.creations.insert(key, record);
    }

    /// Returns the record of a creation under a key.
    pub(crate) fn creation(&self, key: CommandKey) -> Option<&CreationRecord> {
        self.creations.get(&key)
    }

    /// Adds the record of a creation in this batch.
    pub(crate) fn remember_creation(&mut self, key: CommandKey, record: CreationRecord) {
        self.creations.insert(key, record);
        self.writes.creations.push((key, record));
    }

    /// Returns the effect of an earlier command under a key.
    pub(crate) fn effect(&self, key: CommandKey) -> Option<Effect> {
        self.records.get(&key).map(|record| record.effect)
    }

    /// Returns how many serials are left.
    pub(crate) fn serials(&self) -> usize {
        self.serials.len()
    }

    /// Adds a serial that no other reservation has.
    pub(crate) fn put_serial(&mut self, serial: u64) {
        self.serials.push_back(serial);
    }

    /// Records that every live reservation of these buyers is loaded.
    pub(crate) fn know_buyers(&mut self, buyers: impl IntoIterator<Item = BuyerId>) {
        if let Some(rows) = &mut self.rows {
            rows.buyers.extend(buyers);
        }
    }

    /// Returns whether every live reservation of a buyer is loaded.
    pub(crate) fn knows(&self, buyer: BuyerId) -> bool {
        self.rows.as_ref().is_some_and(|rows| rows.buyers.contains(&buyer))
    }

    /// Records whether the event ever had a reservation.
    pub(crate) fn set_has_reservations(&mut self, has: bool) {
        self.has_reservations = has;
    }

    /// Returns whether the event ever had a reservation, including this batch.
    pub(crate) fn has_reservations(&self) -> bool {
        self.has_reservations || self.snapshot().is_some_and(|it| it.reservations().len() > 0)
    }

    /// Removes the serial that a new reservation took.
    fn spend(&mut self, serial: u64, change: &Change) -> Result<(), StoreError> {
        let is_new = |row: &Reservation| row.version == 1 && row.number.serial() == serial;
        if change.reservations.iter().any(is_new) && self.serials.pop_front().is_none() {
            return Err(StoreError::corrupt("a reservation was made without a number"));
        }
        Ok(())
    }

    /// Ends every loaded reservation that is due.
    pub(crate) fn expire_due(&mut self, now: Timestamp) -> Result<(), StoreError> {
        while let Some(due) = self.snapshot().and_then(|it| it.first_due(now)).map(|due| due.id) {
            self.expire(due, now)?;
        }
        Ok(())
    }

    /// Ends a reservation if it is due, and returns it.
    pub(crate) fn expire(
        &mut self,
        id: ReservationId,
        now: Timestamp,
    ) -> Result<Option<Reservation>, StoreError> {
        let Some(rows) = &self.rows else { return Ok(None) };
        let Some(change) = rows.expire(id, now)? else { return Ok(None) };
        self.write(&change, now)?;
        Ok(self.snapshot().and_then(|it| it.reservation(id)).cloned())
    }

    /// Applies a change to the working set, and records it for the write.
    pub(crate) fn write(&mut self, change: &Change, now: Timestamp) -> Result<(), StoreError> {
        self.loading()?.apply(change)?;
        self.writes.add(change);
        self.writes.facts.extend(change.facts.iter().map(|body| (now, body.clone())));
        Ok(())
    }

    /// Replaces the event's own row.
    pub(crate) fn set_event(&mut self, event: Event) -> Result<(), StoreError> {
        let snapshot = self.loading()?;
        let (before, after) = (&snapshot.event().details, &event.details);
        let is_found_otherwise =
            before.starts_at != after.starts_at || searched_text(before) != searched_text(after);
        snapshot.set_event(event);
        self.writes.event = true;
        self.writes.search |= is_found_otherwise;
        Ok(())
    }

    /// Adds a fact.
    pub(crate) fn announce(&mut self, at: Timestamp, body: FactBody) {
        self.writes.facts.push((at, body));
    }

    /// Adds a ticket type.
    pub(crate) fn add_ticket_type(&mut self, row: TicketType) -> Result<(), StoreError> {
        self.writes.new_ticket_types.insert(row.id);
        self.loading()?.put_ticket_type(row);
        Ok(())
    }

    /// Replaces a ticket type's name, price and capacity.
    pub(crate) fn edit_ticket_type(&mut self, row: TicketType) -> Result<(), StoreError> {
        self.writes.edited_ticket_types.insert(row.id);
        self.loading()?.put_ticket_type(row);
        Ok(())
    }

    /// Removes a ticket type, whether it was added in this batch or before.
    pub(crate) fn remove_ticket_type(&mut self, id: TicketTypeId) -> Result<(), StoreError> {
        self.loading()?.remove_ticket_type(id);
        self.writes.edited_ticket_types.remove(&id);
        self.writes.stock.remove(&id);
        if !self.writes.new_ticket_types.remove(&id) {
            self.writes.removed_ticket_types.insert(id);
        }
        Ok(())
    }

    /// Removes the event with its ticket types and seats; its other changes are not written.
    pub(crate) fn delete_event(&mut self) {
        self.rows = None;
        self.writes = WriteSet { deleted: true, ..WriteSet::default() };
    }

    /// Returns the number of loaded rows.
    pub(crate) fn size(&self) -> usize {
        self.rows.as_ref().map_or(0, EventRows::size)
    }

    /// Begins the next batch, on the rows as this one leaves them; its changes are encoded.
    ///
    /// The records of its commands stay for one batch more, which is loaded while this one commits, and so may not find
    /// them in the database. The serials that it did not use stay too: while no other server writes to the event, they are
    /// greater than those of its reservations.
    pub(crate) fn begin_next(&mut self) {
        self.records = std::mem::take(&mut self.writes).commands.into_iter().collect();
        self.creations.clear();
        self.has_reservations = false;
    }
}

impl WorkingRows for WorkingSet {
    type Rows = Snapshot;

    fn open<C: Command>(&mut self, command: &Envelope<C>) -> Result<Option<EventId>, StoreError> {
        let Some(event) = self.snapshot().map(|rows| rows.event().id) else { return Ok(None) };
        self.check_clock(command.now)?;
        self.expire_due(command.now)?;
        let serial = self.serials.front().copied().unwrap_or_default();
        self.loading()?.set_serial(serial);
        Ok(Some(event))
    }

    fn record(&mut self, key: CommandKey) -> Result<Option<CommandRecord>, StoreError> {
        Ok(self.records.get(&key).copied())
    }

    fn rows(&self, _event: EventId) -> Result<&Snapshot, StoreError> {
        self.snapshot().ok_or_else(|| StoreError::corrupt("rows of an event that does not exist"))
    }

    fn apply(
        &mut self,
        event: EventId,
        change: &Change,
        now: Timestamp,
        (key, record): (CommandKey, CommandRecord),
    ) -> Result<(), StoreError> {
        self.spend(self.rows(event)?.serial(), change)?;
        self.write(change, now)?;
        self.records.insert(key, record);
        self.writes.commands.push((key, record));
        Ok(())
    }

    /// The batch has loaded it with the command's record.
    fn load_effect(&mut self, _event: EventId, _effect: Effect) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The database's clock, read with the event's lock, and how far commands may be ahead of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchClock {
    pub(crate) store_now: Timestamp,
    pub(crate) margin: Duration,
}

impl BatchClock {
    /// Fails for a command whose time is too far ahead.
    fn check(self, now: Timestamp) -> Result<(), StoreError> {
        Ok(check_clock(now, self.store_now, self.margin)?)
    }
}

/// Rows to write, by key. Rows with versions have the version before the batch, 0 for a new row.
#[derive(Debug, Default)]
pub(crate) struct WriteSet {
    pub(crate) seats: BTreeMap<SeatId, u64>,
    pub(crate) reservations: BTreeMap<ReservationId, u64>,
    pub(crate) payments: BTreeMap<PaymentId, u64>,
    pub(crate) stock: BTreeSet<TicketTypeId>,
    pub(crate) commands: Vec<(CommandKey, CommandRecord)>,
    pub(crate) creations: Vec<(CommandKey, CreationRecord)>,
    pub(crate) facts: Vec<(Timestamp, FactBody)>,
    /// Whether the event's own details changed.
    pub(crate) event: bool,
    /// Whether the text changed in which the event is searched, or its place in what a search finds.
    pub(crate) search: bool,
    /// Whether the event is deleted.
    pub(crate) deleted: bool,
    pub(crate) new_ticket_types: BTreeSet<TicketTypeId>,
    pub(crate) edited_ticket_types: BTreeSet<TicketTypeId>,
    pub(crate) removed_ticket_types: BTreeSet<TicketTypeId>,
}

impl WriteSet {
    /// Adds the rows that a change contains.
    pub(crate) fn add(&mut self, change: &Change) {
        for seat in &change.seats {
            self.seats.entry(seat.seat).or_insert(before(seat.version));
        }
        for row in &change.reservations {
            self.reservations.entry(row.id).or_insert(before(row.version));
        }
        for row in &change.payments {
            self.payments.entry(row.id).or_insert(before(row.version));
        }
        self.stock.extend(change.stock.iter().map(|(id, _)| *id));
    }

    /// Returns whether ticket types were added, removed or rewritten, so that their places are unknown.
    pub(crate) fn moves_ticket_types(&self) -> bool {
        !self.new_ticket_types.is_empty()
            || !self.edited_ticket_types.is_empty()
            || !self.removed_ticket_types.is_empty()
    }

    /// Returns whether the organiser changed the event, which takes statements of their own under its lock.
    pub(crate) fn changes_catalog(&self) -> bool {
        self.moves_ticket_types() || !self.creations.is_empty() || self.event || self.search || self.deleted
    }

    /// Returns whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.seats.is_empty()
            && self.reservations.is_empty()
            && self.payments.is_empty()
            && self.stock.is_empty()
            && self.commands.is_empty()
            && self.creations.is_empty()
            && self.facts.is_empty()
            && self.new_ticket_types.is_empty()
            && self.edited_ticket_types.is_empty()
            && self.removed_ticket_types.is_empty()
            && !self.event
            && !self.deleted
    }
}

/// Returns the version of a row in the database, from its first new version.
fn before(version: u64) -> u64 {
    version.saturating_sub(1)
}
