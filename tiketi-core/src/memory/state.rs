//! All rows, and the one function that applies a change to them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::account::Account;
use crate::broadcast::CommitPublisher;
use crate::decide::{
    Change, CheckedCreation, Command, CommandRecord, CreateRefused, Created, CreationRecord, CreationVerdict,
    Effect, Envelope, Scope, Snapshot, Subject, WorkingRows, coalesce_facts, create, expire,
};
use crate::error::{CommandError, StoreError};
use crate::event::Event;
use crate::fact::{Fact, FactBody, FactKinds};
use crate::id::{
    AccountId, BuyerId, CommandKey, EventId, LogEntryId, NoticeId, PaymentId, ReservationId, TicketTypeId,
};
use crate::memory::answers::Answers;
use crate::memory::by_age::ByAge;
use crate::memory::call_off::CallOffs;
use crate::memory::codes::Codes;
use crate::memory::events::Events;
use crate::memory::figures::Figures;
use crate::memory::inbox::Inbox;
use crate::memory::layouts::Layouts;
use crate::memory::mail::Mails;
use crate::memory::outbox::Outbox;
use crate::memory::payment_lists::PaymentLists;
use crate::memory::reservation_lists::ReservationLists;
use crate::memory::rows::Rows;
use crate::memory::sessions::Sessions;
use crate::notice::Notice;
use crate::reservation::{Reservation, ReservationStateKind};
use crate::staff_log::LogEntry;
use crate::store::{LogKey, ReservationKey};
use crate::time::Timestamp;

/// All data of the in-memory store.
#[derive(Default)]
pub(super) struct State {
    pub(super) events: Events,
    pub(super) event_of_ticket_type: Rows<TicketTypeId, EventId>,
    pub(super) layouts: Layouts,
    pub(super) accounts: Rows<AccountId, Account>,
    pub(super) account_of_email: BTreeMap<String, AccountId>,
    pub(super) admins: BTreeSet<AccountId>,
    pub(super) sessions: Sessions,
    pub(super) codes: Codes,
    pub(super) mails: Mails,
    pub(super) answers: Answers,
    pub(super) log: BTreeMap<LogKey, LogEntry>,
    pub(super) log_keys: Rows<LogEntryId, LogKey>,
    pub(super) outbox: Outbox,
    pub(super) inbox: Inbox,
    pub(super) reservations: ReservationLists,
    pub(super) payments: PaymentLists,
    pub(super) call_offs: CallOffs,
    pub(super) figures: Figures,
    pub(super) notices: Rows<NoticeId, Notice>,
    pub(super) commands: ByAge<CommandRecord>,
    pub(super) creations: ByAge<CreationRecord>,
    serial: u64,
    new_facts: NewFacts,
    /// Shared with the store, which publishes once the lock is released.
    pub(super) publisher: Arc<CommitPublisher>,
}

/// Facts since the state was locked.
#[derive(Default)]
struct NewFacts {
    changes: usize,
    facts: Vec<(EventId, Timestamp, FactBody)>,
}

impl State {
    /// Decides a creation, and saves its record if something is created.
    pub(super) fn create(
        &mut self,
        command: &CheckedCreation,
        is_taken: bool,
    ) -> Result<Created, CommandError<CreateRefused>> {
        match create(command, self.creations.get(command.key), is_taken)? {
            CreationVerdict::Replay(id) => Ok(Created { id, replayed: true }),
            CreationVerdict::Make(record) => {
                self.creations.remember(command.key, record.at, record);
                Ok(Created { id: record.made, replayed: false })
            }
        }
    }

    /// Ends reservations of an event that are due, at most `limit`, and returns them.
    pub(super) fn expire_in(
        &mut self,
        event: EventId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Reservation>, StoreError> {
        self.note_wanted_facts(event);
        let mut ended = Vec::new();
        while ended.len() < limit {
            let Some(snapshot) = self.events.get(&event) else { break };
            let Some(due) = snapshot.first_due(now) else { break };
            let Some(change) = expire(snapshot, due, now)? else { break };
            ended.extend(change.reservations.iter().cloned());
            self.write(event, &change, now)?;
        }
        Ok(ended)
    }

    /// Applies a change to its event, and updates the indexes.
    pub(super) fn write(
        &mut self,
        event: EventId,
        change: &Change,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let rows = self.events.get(&event);
        let rows = rows.ok_or_else(|| StoreError::corrupt(format!("{event:?} does not exist")))?;
        for reservation in &change.reservations {
            // A new one is not looked for.
            let before = if reservation.version == 1 { None } else { rows.reservation(reservation.id) };
            match before {
                Some(before) => {
                    self.reservations.replace(ReservationStateKind::of(before.state), reservation);
                }
                None => self.reservations.add(reservation),
            }
        }
        for payment in &change.payments {
            self.payments.put(event, rows.payment(payment.id), payment);
        }
        self.events.apply(event, change)?;
        let of_payments = change.payments.iter().map(|payment| payment.reservation);
        let changed = change.reservations.iter().map(|reservation| reservation.id).chain(of_payments);
        if let Some(rows) = self.events.get(&event) {
            self.call_offs.note(rows, changed);
        }
        if !change.facts.is_empty() {
            self.new_facts.changes += 1;
            self.new_facts.facts.extend(change.facts.iter().map(|body| (event, now, body.clone())));
        }
        Ok(())
    }

    /// Replaces the row of an event itself.
    pub(super) fn set_event(&mut self, event: Event) {
        let id = event.id;
        self.events.edit(id, |rows| rows.set_event(event));
        if let Some(rows) = self.events.get(&id) {
            self.call_offs.note(rows, rows.reservations().map(|reservation| reservation.id));
        }
    }

    /// Adds a fact.
    pub(super) fn announce(&mut self, event: EventId, at: Timestamp, body: FactBody) {
        self.new_facts.facts.push((event, at, body));
    }

    /// Lets rules make the facts of an event that a subscriber or a listener wants, and no others.
    ///
    /// Comes before each rule: listeners come and go without the lock.
    pub(super) fn note_wanted_facts(&mut self, event: EventId) {
        let wanted = self.wanted_facts(event);
        self.events.set_wanted_facts(event, wanted);
    }

    fn wanted_facts(&self, event: EventId) -> FactKinds {
        self.outbox.kinds().or(self.publisher.wanted(event))
    }

    /// Moves the facts since the state was locked to the outbox, and returns those to publish.
    pub(super) fn coalesce_facts(&mut self) -> Vec<(EventId, FactBody)> {
        let NewFacts { changes, facts } = &mut self.new_facts;
        if facts.is_empty() {
            return Vec::new();
        }
        let mut coalesced = Vec::with_capacity(facts.len());
        // The facts of a single change are coalesced already.
        if std::mem::take(changes) <= 1 {
            coalesced.append(facts);
        } else {
            let mut of_event: BTreeMap<EventId, Vec<_>> = BTreeMap::new();
            for (event, at, body) in facts.drain(..) {
                of_event.entry(event).or_default().push((at, body));
            }
            for (event, facts) in of_event {
                coalesced.extend(coalesce_facts(facts).into_iter().map(|(at, body)| (event, at, body)));
            }
        }
        let mut published = Vec::new();
        for (event, at, body) in coalesced {
            if self.publisher.wanted(event).contains(body.kind()) {
                published.push((event, body.clone()));
            }
            self.outbox.push(|id| Fact { id, event, at, body });
        }
        published
    }

    /// Returns the rows of an event.
    pub(super) fn snapshot(&self, event: EventId) -> Result<&Snapshot, StoreError> {
        self.events.get(&event).ok_or_else(|| StoreError::corrupt(format!("{event:?} does not exist")))
    }

    pub(super) fn reservation(&self, id: ReservationId) -> Option<&Reservation> {
        self.events.get(&self.reservations.event_of(id)?)?.reservation(id)
    }

    pub(super) fn payment(&self, id: PaymentId) -> Option<&crate::payment::Payment> {
        self.events.get(&self.payments.event_of(id)?)?.payment(id)
    }

    /// Returns a buyer's reservations, of one event or of all, the newest first.
    pub(super) fn reservations_of(&self, buyer: BuyerId, event: Option<EventId>) -> Vec<&Reservation> {
        let events = self.reservations.events_of(buyer).iter();
        let events = events.filter(|of| event.is_none_or(|event| event == **of));
        let rows = events.filter_map(|event| self.events.get(event));
        let mut found: Vec<_> = rows.flat_map(|rows| rows.reservations_of(buyer)).collect();
        found.sort_by_key(|reservation| Reverse(ReservationKey::of(reservation)));
        found
    }

    fn event_of(&self, subject: Subject) -> Option<EventId> {
        match subject {
            Subject::Event(event) => Some(event),
            Subject::Reservation(id) => self.reservations.event_of(id),
            Subject::Payment(id) => self.payments.event_of(id),
        }
    }
}

impl WorkingRows for State {
    type Rows = Snapshot;

    fn open<C: Command>(&mut self, command: &Envelope<C>) -> Result<Option<EventId>, StoreError> {
        let Some(event) = self.event_of(command.command.subject()) else { return Ok(None) };
        self.expire_in(event, command.now, usize::MAX)?;
        let serial = self.serial + 1;
        Ok(self.events.set_serial(event, serial).then_some(event))
    }

    fn record(&mut self, key: CommandKey) -> Result<Option<CommandRecord>, StoreError> {
        Ok(self.commands.get(key).copied())
    }

    fn rows(&self, event: EventId) -> Result<&Snapshot, StoreError> {
        self.snapshot(event)
    }

    fn apply(
        &mut self,
        event: EventId,
        change: &Change,
        now: Timestamp,
        (key, record): (CommandKey, CommandRecord),
    ) -> Result<(), StoreError> {
        self.serial += 1;
        self.write(event, change, now)?;
        self.commands.remember(key, record.at, record);
        Ok(())
    }

    fn load_effect(&mut self, _event: EventId, _effect: Effect) -> Result<(), StoreError> {
        Ok(())
    }
}
