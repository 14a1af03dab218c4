//! A command as a batch sees it.

use tiketi_core::decide::{Applied, Command};
use tiketi_core::{CommandError, StoreError, StoreErrorKind};
use tokio::sync::oneshot;

use crate::desk::Desk;
use crate::error::closed;
use crate::wants::Wants;

/// What one command asks of one event's rows, however often it is tried.
pub(crate) trait Work: Send + 'static {
    /// What it finds.
    type Found: Send + 'static;
    /// Why a rule may say no.
    type Refused: Send + 'static;

    /// Adds the rows it looks at.
    fn wants(&self, wants: &mut Wants);

    /// Decides it against the working copy.
    fn decide(&self, desk: &mut Desk) -> Result<Self::Found, CommandError<Self::Refused>>;
}

/// A command of a batch, whatever it answers with.
pub(crate) trait Job: Send {
    /// Adds the rows it looks at.
    fn wants(&self, wants: &mut Wants);

    /// Decides it against the working copy; an error means that the batch is spoilt.
    fn decide(&mut self, desk: &mut Desk) -> Result<(), StoreError>;

    /// Answers the caller: with what was found, or with the failure that kept it from being committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// What a caller waits for.
pub(crate) type Reply<W> = Result<<W as Work>::Found, CommandError<<W as Work>::Refused>>;

/// Work with the caller who waits for it.
pub(crate) struct Task<W: Work> {
    work: W,
    found: Option<Reply<W>>,
    reply: oneshot::Sender<Reply<W>>,
}

impl<W: Work> Task<W> {
    /// Makes a job of work, and what to wait for.
    pub(crate) fn of(work: W) -> (Box<dyn Job>, oneshot::Receiver<Reply<W>>) {
        let (reply, answer) = oneshot::channel();
        (Box::new(Self { work, found: None, reply }), answer)
    }
}

impl<W: Work> Job for Task<W> {
    fn wants(&self, wants: &mut Wants) {
        self.work.wants(wants);
    }

    fn decide(&mut self, desk: &mut Desk) -> Result<(), StoreError> {
        match self.work.decide(desk) {
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
        // A caller that has gone needs no answer; what it asked for is done all the same.
        let _gone = self.reply.send(answer);
    }
}

/// A sales command.
pub(crate) struct Sale<C>(pub(crate) C);

impl<C: Command> Work for Sale<C> {
    type Found = Applied;
    type Refused = C::Refused;

    fn wants(&self, wants: &mut Wants) {
        wants.command(&self.0);
    }

    fn decide(&self, desk: &mut Desk) -> Result<Applied, CommandError<C::Refused>> {
        desk.run(&self.0)
    }
}
