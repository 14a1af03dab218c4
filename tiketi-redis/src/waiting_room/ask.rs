//! Commands that change a room, and their answers, as items of a queue.

use tiketi_core::decide::waiting_room::{
    Admission, Admit, Enter, Finish, Heartbeat, Join, JoinRefused, Leave, PlaceRefused, Prove,
};
use tiketi_core::store::Standing;
use tiketi_core::{BuyerId, CommandError, CommandKey, EventId, StoreError};

/// A command that changes a room.
#[derive(Debug)]
pub(crate) enum Ask {
    Join(Join),
    Enter(Enter),
    Prove(Prove),
    Heartbeat(Heartbeat),
    Leave(Leave),
    Finish(Finish),
    Admit(Admit),
    Clear { event: EventId, request: CommandKey },
}

/// The answer to an [`Ask`] of the same kind.
#[derive(Debug)]
pub(crate) enum Answer {
    Joined(Result<Standing, CommandError<JoinRefused>>),
    Stood(Result<Standing, CommandError<PlaceRefused>>),
    Ended(Result<Option<Standing>, StoreError>),
    Admitted(Admission),
    Cleared(u64),
}

impl Ask {
    pub(crate) fn event(&self) -> EventId {
        match self {
            Self::Join(ask) => ask.event,
            Self::Enter(ask) => ask.event,
            Self::Prove(ask) => ask.event,
            Self::Heartbeat(ask) => ask.event,
            Self::Leave(ask) => ask.event,
            Self::Finish(ask) => ask.event,
            Self::Admit(ask) => ask.event,
            Self::Clear { event, .. } => *event,
        }
    }

    /// Returns the buyer whose place it concerns; `None` if it concerns the whole line, and so is decided alone.
    pub(crate) fn buyer(&self) -> Option<BuyerId> {
        match self {
            Self::Join(ask) => Some(ask.buyer),
            Self::Enter(ask) => Some(ask.buyer),
            Self::Prove(ask) => Some(ask.buyer),
            Self::Heartbeat(ask) => Some(ask.buyer),
            Self::Leave(ask) => Some(ask.buyer),
            Self::Finish(ask) => Some(ask.buyer),
            Self::Admit(_) | Self::Clear { .. } => None,
        }
    }
}
