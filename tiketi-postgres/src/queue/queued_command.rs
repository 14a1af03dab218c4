//! A command as a batch sees it.

use tiketi_core::decide::{Applied, Command};
use tiketi_core::{CommandError, StoreError, StoreErrorKind};
use tokio::sync::oneshot;

use crate::error::closed;
use crate::working_set::BatchReadSet;
use crate::working_set::WorkingSet;

/// What one command asks of one event's rows, however often it is tried.
pub(crate) trait BatchCommand: Send + 'static {
    /// What it finds.
    type Found: Send + 'static;
    /// Why a rule may say no.
    type Refused: Send + 'static;

    /// Adds the rows it looks at.
    fn read_set(&self, reads: &mut BatchReadSet);

    /// Decides it against the working copy.
    fn decide(&self, set: &mut WorkingSet) -> Result<Self::Found, CommandError<Self::Refused>>;
}

/// A command of a batch, whatever it answers with.
pub(crate) trait QueuedCommand: Send {
    /// Adds the rows it looks at.
    fn read_set(&self, reads: &mut BatchReadSet);

    /// Decides it against the working copy; an error means that the batch is spoilt.
    fn decide(&mut self, set: &mut WorkingSet) -> Result<(), StoreError>;

    /// Answers the caller: with what was found, or with the failure that kept it from being committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// What a caller waits for.
pub(crate) type Reply<W> = Result<<W as BatchCommand>::Found, CommandError<<W as BatchCommand>::Refused>>;

/// A command with the caller who waits for it.
pub(crate) struct Pending<W: BatchCommand> {
    work: W,
    found: Option<Reply<W>>,
    reply: oneshot::Sender<Reply<W>>,
}

impl<W: BatchCommand> Pending<W> {
    /// Makes a job of work, and what to wait for.
    pub(crate) fn of(work: W) -> (Box<dyn QueuedCommand>, oneshot::Receiver<Reply<W>>) {
        let (reply, answer) = oneshot::channel();
        (Box::new(Self { work, found: None, reply }), answer)
    }
}

impl<W: BatchCommand> QueuedCommand for Pending<W> {
    fn read_set(&self, reads: &mut BatchReadSet) {
        self.work.read_set(reads);
    }

    fn decide(&mut self, set: &mut WorkingSet) -> Result<(), StoreError> {
        match self.work.decide(set) {
            // It changed nothing, and its neighbours may come from a clock that is right.
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
        // A caller that has gone needs no answer; its command is committed.
        let _gone = self.reply.send(answer);
    }
}

/// A sales command.
pub(crate) struct Sale<C>(pub(crate) C);

impl<C: Command> BatchCommand for Sale<C> {
    type Found = Applied;
    type Refused = C::Refused;

    fn read_set(&self, reads: &mut BatchReadSet) {
        reads.command(&self.0);
    }

    fn decide(&self, set: &mut WorkingSet) -> Result<Applied, CommandError<C::Refused>> {
        set.run(&self.0)
    }
}
