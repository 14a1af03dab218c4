//! The working copy of one event: rows are loaded once, decided on in memory, and written together.

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
    TicketType, TicketTypeId, Timestamp, fact::FactKinds,
};
use tiketi_sql::EventRows;

/// Rows of one event as they stand after the commands decided so far, and what those changed.
#[derive(Debug)]
pub(crate) struct WorkingSet {
    /// `None` if the event does not exist.
    rows: Option<EventRows>,
    records: HashMap<CommandKey, CommandRecord>,
    creations: HashMap<CommandKey, CreationRecord>,
    serials: VecDeque<u64>,
    has_reservations: bool,
    writes: WriteSet,
    /// The kinds of facts that any subscriber wants; others are not written.
    wanted: FactKinds,
    /// `None` where there is no event, and so nothing that a wrong clock could end.
    clock: Option<BatchClock>,
}

impl WorkingSet {
    /// Starts with an event and its ticket types, or with the knowledge that there is none.
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

    /// Takes note of the database's clock.
    pub(crate) fn set_clock(&mut self, clock: BatchClock) {
        self.clock = Some(clock);
    }

    /// Takes note of the kinds of facts that any subscriber wants.
    pub(crate) fn set_wanted(&mut self, wanted: FactKinds) {
        self.wanted = wanted;
    }

    /// Returns the kinds of facts that any subscriber wants.
    pub(crate) fn wanted(&self) -> FactKinds {
        self.wanted
    }

    /// Fails for a command whose moment is too far ahead of the database's clock; comes before all it does.
    pub(crate) fn check_clock(&self, now: Timestamp) -> Result<(), StoreError> {
        self.clock.map_or(Ok(()), |clock| clock.check(now))
    }

    /// Returns the event's rows, if there is an event.
    pub(crate) fn snapshot(&self) -> Option<&Snapshot> {
        self.rows.as_ref().map(|rows| &rows.snapshot)
    }

    /// Returns the rows for loading.
    pub(crate) fn loading(&mut self) -> Result<&mut Snapshot, StoreError> {
        let rows = self.rows.as_mut().map(|rows| &mut rows.snapshot);
        rows.ok_or_else(|| StoreError::corrupt("rows of an event that does not exist"))
    }

    /// Returns what the commands changed.
    pub(crate) fn writes(&self) -> &WriteSet {
        &self.writes
    }

    /// Takes note of a command that took effect earlier.
    pub(crate) fn put_record(&mut self, key: CommandKey, record: CommandRecord) {
        self.records.insert(key, record);
    }

    /// Takes note of something made earlier.
    pub(crate) fn put_creation(&mut self, key: CommandKey, record: CreationRecord) {
        self.creations.insert(key, record);
    }

    /// Returns what was made under a key.
    pub(crate) fn creation(&self, key: CommandKey) -> Option<&CreationRecord> {
        self.creations.get(&key)
    }

    /// Remembers something made in this batch.
    pub(crate) fn remember_creation(&mut self, key: CommandKey, record: CreationRecord) {
        self.creations.insert(key, record);
        self.writes.creations.push((key, record));
    }

    /// Returns what the commands that took effect earlier were about.
    pub(crate) fn effects(&self) -> impl Iterator<Item = Effect> {
        self.records.values().map(|record| record.effect)
    }

    /// Adds a serial that no other reservation has.
    pub(crate) fn put_serial(&mut self, serial: u64) {
        self.serials.push_back(serial);
    }

    /// Takes note that every live reservation of these buyers is here.
    pub(crate) fn know_buyers(&mut self, buyers: impl IntoIterator<Item = BuyerId>) {
        if let Some(rows) = &mut self.rows {
            rows.buyers.extend(buyers);
        }
    }

    /// Returns whether every live reservation of a buyer is here.
    pub(crate) fn knows(&self, buyer: BuyerId) -> bool {
        self.rows.as_ref().is_some_and(|rows| rows.buyers.contains(&buyer))
    }

    /// Takes note of whether the event ever had a reservation.
    pub(crate) fn set_has_reservations(&mut self, has: bool) {
        self.has_reservations = has;
    }

    /// Returns whether the event ever had a reservation, those of this batch included.
    pub(crate) fn has_reservations(&self) -> bool {
        self.has_reservations || self.snapshot().is_some_and(|it| it.reservations().len() > 0)
    }

    /// Gives up the serial that a new reservation took.
    fn spend(&mut self, serial: u64, change: &Change) -> Result<(), StoreError> {
        let is_new = |row: &Reservation| row.version == 1 && row.number.serial() == serial;
        if change.reservations.iter().any(is_new) && self.serials.pop_front().is_none() {
            return Err(StoreError::corrupt("a reservation was made without a number"));
        }
        Ok(())
    }

    /// Ends every reservation that is here and due.
    pub(crate) fn expire_due(&mut self, now: Timestamp) -> Result<(), StoreError> {
        while let Some(due) = self.snapshot().and_then(|it| it.first_due(now)).map(|due| due.id) {
            self.expire(due, now)?;
        }
        Ok(())
    }

    /// Ends a reservation if it is due, and returns it as it ended.
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

    /// Applies a change to the working copy, and takes note of it.
    pub(crate) fn write(&mut self, change: &Change, now: Timestamp) -> Result<(), StoreError> {
        self.loading()?.apply(change)?;
        self.writes.add(change);
        if !self.wanted.is_empty() {
            self.writes.facts.extend(change.facts.iter().map(|body| (now, body.clone())));
        }
        Ok(())
    }

    /// Replaces the event's own row.
    pub(crate) fn set_event(&mut self, event: Event) -> Result<(), StoreError> {
        self.loading()?.set_event(event);
        self.writes.event = true;
        Ok(())
    }

    /// Lets a fact become true.
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

    /// Removes the event with all it sells; what else changed of it need not be written.
    pub(crate) fn delete_event(&mut self) {
        self.rows = None;
        self.writes = WriteSet { deleted: true, ..WriteSet::default() };
    }

    /// Returns how many rows are here.
    pub(crate) fn size(&self) -> usize {
        self.rows.as_ref().map_or(0, EventRows::size)
    }

    /// Forgets what was changed, once it is committed.
    pub(crate) fn committed(&mut self) {
        self.writes = WriteSet::default();
        self.serials.clear();
        self.records.clear();
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

    /// The batch loaded it with the command's record.
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
    /// Fails for a command whose moment is too far ahead.
    fn check(self, now: Timestamp) -> Result<(), StoreError> {
        Ok(check_clock(now, self.store_now, self.margin)?)
    }
}

/// Rows to write, by key; those that have a version with the one they had before, 0 for a new row.
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
    /// Whether the event is gone.
    pub(crate) deleted: bool,
    pub(crate) new_ticket_types: BTreeSet<TicketTypeId>,
    pub(crate) edited_ticket_types: BTreeSet<TicketTypeId>,
    pub(crate) removed_ticket_types: BTreeSet<TicketTypeId>,
}

impl WriteSet {
    /// Adds the rows that a decision changes.
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

    /// Returns whether rows of ticket types came, went or were written whole, so that where they lie is not known.
    pub(crate) fn moves_ticket_types(&self) -> bool {
        !self.new_ticket_types.is_empty()
            || !self.edited_ticket_types.is_empty()
            || !self.removed_ticket_types.is_empty()
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

/// Returns the version a row has in the database, given its first new one.
fn before(version: u64) -> u64 {
    version.saturating_sub(1)
}
