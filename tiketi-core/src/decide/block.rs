//! Takes seats off sale, and puts them back.

use crate::decide::change::Change;
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::scope::Scope;
use crate::decide::stock::StockBucket;
use crate::error::CommandError;
use crate::id::{EventId, SeatId};
use crate::limits::MAX_REASON_CHARS;
use crate::seat::{SeatState, SeatStep};
use crate::text::check_line;
use crate::time::Timestamp;

/// Takes available seats off sale.
///
/// Seats that are blocked already stay blocked and are not an error.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BlockSeats {
    /// The moment that decides which holds have ended.
    pub now: Timestamp,
    /// The event.
    pub event: EventId,
    /// The seats.
    pub seats: Vec<SeatId>,
    /// The reason, for the organiser.
    pub reason: String,
}

impl BlockSeats {
    /// Makes the command.
    pub fn new(now: Timestamp, event: EventId, seats: Vec<SeatId>, reason: impl Into<String>) -> Self {
        Self { now, event, seats, reason: reason.into() }
    }
}

/// Puts blocked seats back on sale.
///
/// Seats that are not blocked do not change and are not an error.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UnblockSeats {
    /// The moment of the command.
    pub now: Timestamp,
    /// The event.
    pub event: EventId,
    /// The seats.
    pub seats: Vec<SeatId>,
}

impl UnblockSeats {
    /// Makes the command.
    pub fn new(now: Timestamp, event: EventId, seats: Vec<SeatId>) -> Self {
        Self { now, event, seats }
    }
}

/// Why no seat is blocked or unblocked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlockRefused {
    /// The event does not exist.
    #[error("there is no such event")]
    EventNotFound,
    /// Some seats do not exist, or belong to another event.
    #[error("{} seats are not seats of this event", seats.len())]
    UnknownSeats {
        /// These seats.
        seats: Vec<SeatId>,
    },
    /// Some seats are held or sold.
    #[error("{} of the seats are held or sold", seats.len())]
    SeatsTaken {
        /// All of these seats.
        seats: Vec<SeatId>,
    },
}

/// Decides which seats are taken off sale.
pub fn block_seats(scope: &dyn Scope, ask: &BlockSeats) -> Result<Change, CommandError<BlockRefused>> {
    let BlockSeats { now: _, event: _, seats: _, reason } = ask;
    check_line("reason", reason, 0..=MAX_REASON_CHARS)?;
    let seats = known(scope, &ask.seats)?;
    let open: Vec<_> =
        seats.iter().filter(|(_, state)| !matches!(state, SeatState::Blocked { .. })).collect();
    let taken: Vec<_> =
        open.iter().filter(|(_, state)| !state.is_available_at(ask.now)).map(|(seat, _)| *seat).collect();
    if !taken.is_empty() {
        return Err(CommandError::Refused(BlockRefused::SeatsTaken { seats: taken }));
    }
    let mut change = ChangeBuilder::new(scope, ask.now);
    let step = SeatStep::Block { reason: ask.reason.clone(), now: ask.now };
    for (seat, state) in open {
        let from = if **state == SeatState::Available { StockBucket::Available } else { StockBucket::Held };
        change.seat(*seat, &step, from, StockBucket::Blocked)?;
    }
    Ok(change.finish())
}

/// Decides which seats are put back on sale.
pub fn unblock_seats(scope: &dyn Scope, ask: &UnblockSeats) -> Result<Change, CommandError<BlockRefused>> {
    let mut change = ChangeBuilder::new(scope, ask.now);
    for (seat, state) in known(scope, &ask.seats)? {
        if matches!(state, SeatState::Blocked { .. }) {
            change.seat(seat, &SeatStep::Unblock, StockBucket::Blocked, StockBucket::Available)?;
        }
    }
    Ok(change.finish())
}

/// Finds each named seat once.
fn known<'s>(
    scope: &'s dyn Scope,
    seats: &[SeatId],
) -> Result<Vec<(SeatId, &'s SeatState)>, CommandError<BlockRefused>> {
    let mut once = seats.to_vec();
    once.sort_unstable();
    once.dedup();
    let unknown: Vec<_> = once.iter().copied().filter(|seat| scope.seat(*seat).is_none()).collect();
    if !unknown.is_empty() {
        return Err(CommandError::Refused(BlockRefused::UnknownSeats { seats: unknown }));
    }
    Ok(once.iter().filter_map(|id| Some((*id, &scope.seat(*id)?.state))).collect())
}

#[cfg(test)]
mod tests;
