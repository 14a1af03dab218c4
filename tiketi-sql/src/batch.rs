//! Batches of commands: the queue item with its answer, the rows that a batch reads, and the rows that are loaded.

use std::any::Any;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use tiketi_core::decide::{
    AnyCommand, AnyRefused, Applied, Change, Command, Envelope, Scope, Snapshot, Subject, WorkingRows,
    execute, expire,
};
use tiketi_core::{
    BuyerId, CommandError, CommandKey, PaymentId, ReservationId, SeatId, StoreError, StoreErrorKind,
    Timestamp, limits::MAX_LINES_PER_COMMAND,
};
use tokio::sync::oneshot;

/// A store that decides commands in batches, against one working set for each batch.
pub trait BatchStore: 'static {
    /// The rows of a batch: loaded once, decided on in memory, written together.
    type WorkingSet<'s>;
}

/// The effect of one command in a batch.
///
/// If its batch fails, the command is decided again from the beginning.
pub trait BatchCommand<S: BatchStore>: Send + 'static {
    /// The result of the command.
    type Found: Send + 'static;
    /// The refusal of the command's rule.
    type Refused: Send + 'static;

    /// Adds the rows that the command reads; by default none.
    fn read_set(&self, _reads: &mut BatchReadSet) {}

    /// Decides the command against the working set.
    fn decide(&mut self, set: &mut S::WorkingSet<'_>) -> Result<Self::Found, CommandError<Self::Refused>>;
}

/// A sales command is decided by [`execute`].
impl<S> BatchCommand<S> for Envelope<AnyCommand>
where
    S: BatchStore,
    for<'s> S::WorkingSet<'s>: WorkingRows,
{
    type Found = Applied;
    type Refused = AnyRefused;

    fn read_set(&self, reads: &mut BatchReadSet) {
        reads.command(self);
    }

    fn decide(&mut self, set: &mut S::WorkingSet<'_>) -> Result<Applied, CommandError<AnyRefused>> {
        execute(set, self)
    }
}

/// The answer to a caller.
pub type Reply<S, W> = Result<<W as BatchCommand<S>>::Found, CommandError<<W as BatchCommand<S>>::Refused>>;

/// A command in the queue, whatever type its answer has.
pub trait QueuedCommand<S: BatchStore>: Send {
    /// Adds the rows that the command reads.
    fn read_set(&self, reads: &mut BatchReadSet);

    /// Decides the command against the working set; an error means that the transaction must be rolled back.
    fn decide(&mut self, set: &mut S::WorkingSet<'_>) -> Result<(), StoreError>;

    /// Answers the caller with the decision, or with the failure of the commit.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Pending<S: BatchStore, W: BatchCommand<S>> {
    command: W,
    found: Option<Reply<S, W>>,
    reply: oneshot::Sender<Reply<S, W>>,
}

/// Makes a queue item of a command, and the receiver of its answer.
pub fn pending<S: BatchStore, W: BatchCommand<S>>(
    command: W,
) -> (Box<dyn QueuedCommand<S>>, oneshot::Receiver<Reply<S, W>>) {
    let (reply, answer) = oneshot::channel();
    (Box::new(Pending { command, found: None, reply }), answer)
}

impl<S: BatchStore, W: BatchCommand<S>> QueuedCommand<S> for Pending<S, W> {
    fn read_set(&self, reads: &mut BatchReadSet) {
        self.command.read_set(reads);
    }

    fn decide(&mut self, set: &mut S::WorkingSet<'_>) -> Result<(), StoreError> {
        match self.command.decide(set) {
            // A command from a clock that is ahead has changed nothing, and the clocks of the other commands may be
            // right.
            Err(CommandError::Store(error)) if error.kind() != StoreErrorKind::ClockAhead => Err(error),
            found => {
                self.found = Some(found);
                Ok(())
            }
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let answer = match (committed, self.found) {
            (Ok(()), Some(found)) => found,
            (Ok(()), None) => Err(closed().into()),
            (Err(error), _) => Err(error.into()),
        };
        // If the caller has dropped its future, no answer is needed; the command is committed.
        let _gone = self.reply.send(answer);
    }
}

/// Answers every command of a batch, with its decision or with the failure of the batch.
pub fn answer_all<S: BatchStore>(
    batch: impl IntoIterator<Item = Box<dyn QueuedCommand<S>>>,
    committed: Result<(), StoreError>,
) {
    let committed = committed.map_err(Arc::new);
    for command in batch {
        command.answer(committed.as_ref().copied().map_err(shared));
    }
}

/// Rows of one event to load together, each once.
#[derive(Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a store acts on every part")]
pub struct BatchReadSet {
    /// Keys of commands that may have been applied.
    pub keys: BTreeSet<CommandKey>,
    /// Keys of creations that may have been applied.
    pub creations: BTreeSet<CommandKey>,
    /// Seats by id.
    pub seats: BTreeSet<SeatId>,
    /// Buyers whose live reservations are read.
    pub buyers: BTreeSet<BuyerId>,
    /// Reservations by id, each with its seats and latest payment.
    pub reservations: BTreeSet<ReservationId>,
    /// Payments by id, each with its reservation.
    pub payments: BTreeSet<PaymentId>,
    /// The time at which due reservations are loaded.
    pub due: Option<Timestamp>,
    /// The number of reservations that the batch may create.
    pub serials: i64,
    /// Whether a command checks if the event ever had a reservation.
    pub any_reservation: bool,
}

impl BatchReadSet {
    /// Adds the rows that a command's rule reads.
    pub fn command<C: Command>(&mut self, Envelope { key, now, command }: &Envelope<C>) {
        self.keys.insert(*key);
        self.due_at(*now);
        let reads = command.read_set();
        // The rule refuses a command that names more seats, so they need not be loaded.
        if reads.seats.len() <= MAX_LINES_PER_COMMAND {
            self.seats.extend(reads.seats);
        }
        self.buyers.extend(reads.buyer);
        self.reservations.extend(reads.new_reservation);
        self.payments.extend(reads.new_payment);
        match command.subject() {
            // Only a command about the event itself makes reservations.
            Subject::Event(_) => self.serials += 1,
            Subject::Reservation(id) => drop(self.reservations.insert(id)),
            Subject::Payment(id) => drop(self.payments.insert(id)),
        }
    }

    /// Adds the reservations that are due at a moment.
    pub fn due_at(&mut self, now: Timestamp) {
        self.due = self.due.max(Some(now));
    }
}

/// The loaded rows of one event.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a store fills in every part")]
pub struct EventRows {
    /// The rows.
    pub snapshot: Snapshot,
    /// Buyers whose live reservations are all loaded.
    pub buyers: HashSet<BuyerId>,
}

impl EventRows {
    /// Starts with an event and its ticket types.
    pub fn new(snapshot: Snapshot) -> Self {
        Self { snapshot, buyers: HashSet::new() }
    }

    /// Returns the number of loaded rows, for the limit of the cache.
    pub fn size(&self) -> usize {
        let rows = &self.snapshot;
        rows.seats().len() + rows.reservations().len() + rows.payments().len() + self.buyers.len() + 1
    }

    /// Decides the end of a loaded reservation; `None` if it is not due at `now`.
    pub fn expire(&self, id: ReservationId, now: Timestamp) -> Result<Option<Change>, StoreError> {
        match self.snapshot.reservation(id) {
            Some(known) => expire(&self.snapshot, known, now),
            None => Ok(None),
        }
    }
}

/// Returns an error for one of several callers that share a failure.
pub fn shared(error: &Arc<StoreError>) -> StoreError {
    StoreError::new(error.kind(), error.to_string()).caused_by(Arc::clone(error))
}

/// Returns the error of a command or a read that panicked, which is a defect.
pub fn panicked(panic: &(dyn Any + Send)) -> StoreError {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref().map(String::as_str));
    let message = format!("a command panicked: {}", text.unwrap_or("it does not say why"));
    StoreError::new(StoreErrorKind::Internal, message)
}

/// Returns the error of a call to a store that is shutting down, or whose tasks or threads have ended.
pub fn closed() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the store is closed")
}

/// Returns the error of a command that finds the queue full.
pub fn queue_is_full() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "too many commands are waiting: try again shortly")
}
