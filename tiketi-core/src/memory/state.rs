//! All rows, and the one function that applies a change to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use foldhash::fast::RandomState;
use uuid::Uuid;

use crate::account::{Account, Email};
use crate::broadcast::CommitPublisher;
use crate::decide::{
    Change, CheckedCreation, Command, CommandRecord, CreateRefused, Created, CreationRecord, CreationVerdict,
    Effect, Envelope, Scope, Snapshot, Subject, WorkingRows, coalesce_facts, create, expire,
};
use crate::error::{CommandError, StoreError};
use crate::fact::{Fact, FactBody, FactKinds};
use crate::id::{
    AccountId, BuyerId, CommandKey, EventId, LayoutId, NoticeId, PaymentId, ReservationId, TicketTypeId,
};
use crate::memory::answers::KeptAnswer;
use crate::memory::codes::Codes;
use crate::memory::commands::Commands;
use crate::memory::figures::Figures;
use crate::memory::inbox::Inbox;
use crate::memory::mail::Mails;
use crate::memory::outbox::Outbox;
use crate::memory::sessions::Sessions;
use crate::notice::Notice;
use crate::reservation::Reservation;
use crate::seat_layout::StoredLayout;
use crate::staff_log::LogEntry;
use crate::store::{LogKey, ReservationKey};
use crate::time::Timestamp;

pub(super) type Rows<K, V> = HashMap<K, V, RandomState>;

/// All data of the in-memory store.
#[derive(Default)]
pub(super) struct State {
    pub(super) events: Rows<EventId, Snapshot>,
    pub(super) event_of_ticket_type: Rows<TicketTypeId, EventId>,
    pub(super) layouts: BTreeMap<LayoutId, StoredLayout>,
    pub(super) accounts: Rows<AccountId, Account>,
    pub(super) account_of_email: Rows<Email, AccountId>,
    pub(super) sessions: Sessions,
    pub(super) codes: Codes,
    pub(super) mails: Mails,
    pub(super) answers: Rows<CommandKey, KeptAnswer>,
    pub(super) log: BTreeMap<LogKey, LogEntry>,
    pub(super) outbox: Outbox,
    pub(super) inbox: Inbox,
    /// Payments by the moment at which their provider must be asked.
    pub(super) asked: BTreeSet<(Timestamp, PaymentId)>,
    // Ids grow with time, so these trees grow at their end, which is in the CPU cache; a hash table would not.
    event_of_reservation: BTreeMap<ReservationId, EventId>,
    event_of_payment: BTreeMap<PaymentId, EventId>,
    payments_of: BTreeSet<(ReservationId, PaymentId)>,
    pub(super) figures: Figures,
    pub(super) notices: Rows<NoticeId, Notice>,
    pub(super) commands: Commands,
    pub(super) creations: Rows<CommandKey, CreationRecord>,
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
        match create(command, self.creations.get(&command.key), is_taken)? {
            CreationVerdict::Replay(id) => Ok(Created { id, replayed: true }),
            CreationVerdict::Make(record) => {
                self.creations.insert(command.key, record);
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
        for reservation in &change.reservations {
            if reservation.version == 1 {
                self.event_of_reservation.insert(reservation.id, event);
            }
        }
        for payment in &change.payments {
            if let Some(reconciliation) =
                self.payment(payment.id).and_then(|before| before.reconciliation.as_ref())
            {
                let before = (reconciliation.next, payment.id);
                self.asked.remove(&before);
            }
            self.asked.extend(
                payment.reconciliation.as_ref().map(|reconciliation| (reconciliation.next, payment.id)),
            );
            if payment.version == 1 {
                self.payments_of.insert((payment.reservation, payment.id));
            }
            self.event_of_payment.insert(payment.id, event);
        }
        let snapshot = self.events.get_mut(&event);
        let snapshot = snapshot.ok_or_else(|| StoreError::corrupt(format!("{event:?} does not exist")))?;
        snapshot.apply(change)?;
        if !change.facts.is_empty() {
            self.new_facts.changes += 1;
            self.new_facts.facts.extend(change.facts.iter().map(|body| (event, now, body.clone())));
        }
        Ok(())
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
        if let Some(snapshot) = self.events.get_mut(&event) {
            snapshot.set_wanted_facts(wanted);
        }
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
        self.events.get(self.event_of_reservation.get(&id)?)?.reservation(id)
    }

    pub(super) fn payment(&self, id: PaymentId) -> Option<&crate::payment::Payment> {
        self.events.get(self.event_of_payment.get(&id)?)?.payment(id)
    }

    /// Returns the payments of a reservation, by id.
    pub(super) fn payments_of(&self, id: ReservationId) -> impl Iterator<Item = PaymentId> {
        let first = (id, PaymentId::from_uuid(Uuid::nil()));
        let last = (id, PaymentId::from_uuid(Uuid::max()));
        self.payments_of.range(first..=last).map(|(_, payment)| *payment)
    }

    /// Returns the ids of all reservations from a bound on, in their order.
    pub(super) fn reservation_ids(&self, from: Bound<ReservationId>) -> impl Iterator<Item = ReservationId> {
        self.event_of_reservation.range((from, Bound::Unbounded)).map(|(id, _)| *id)
    }

    /// Returns a buyer's reservations, the newest first.
    ///
    /// It searches every event: a listing takes longer with more events, but a sale needs no index to maintain.
    pub(super) fn reservations_of(&self, buyer: BuyerId) -> Vec<&Reservation> {
        let events = self.events.values();
        let mut found: Vec<_> = events.flat_map(|snapshot| snapshot.reservations_of(buyer)).collect();
        found.sort_by_key(|reservation| std::cmp::Reverse(ReservationKey::of(reservation)));
        found
    }

    fn event_of(&self, subject: Subject) -> Option<EventId> {
        match subject {
            Subject::Event(event) => Some(event),
            Subject::Reservation(id) => self.event_of_reservation.get(&id).copied(),
            Subject::Payment(id) => self.event_of_payment.get(&id).copied(),
        }
    }
}

impl WorkingRows for State {
    type Rows = Snapshot;

    fn open<C: Command>(&mut self, command: &Envelope<C>) -> Result<Option<EventId>, StoreError> {
        let Some(event) = self.event_of(command.command.subject()) else { return Ok(None) };
        self.expire_in(event, command.now, usize::MAX)?;
        let serial = self.serial + 1;
        let Some(snapshot) = self.events.get_mut(&event) else { return Ok(None) };
        snapshot.set_serial(serial);
        Ok(Some(event))
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
        self.commands.remember(key, record);
        Ok(())
    }

    fn load_effect(&mut self, _event: EventId, _effect: Effect) -> Result<(), StoreError> {
        Ok(())
    }
}
