//! One step of a sequence: a command of any kind, sent to any store, with a comparable answer.

use std::fmt::Debug;
use std::sync::Arc;

use tiketi_core::decide::{AnyCommand, BlockSeats, Envelope, UnblockSeats};
use tiketi_core::{
    CommandError, EventId, FactBody, Reservation, TicketTypeId, TicketTypeInput, Timestamp, event::EventStep,
    reservation::ReservationNumber,
};

use crate::factory::SellingStore;

/// A command of any kind.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Sale(Envelope<AnyCommand>),
    Block(BlockSeats),
    Unblock(UnblockSeats),
    Expire(Timestamp, Vec<EventId>),
    Price(TicketTypeId, TicketTypeInput),
    CallOff(EventId, Timestamp),
    Announce(Timestamp, Vec<EventId>),
}

impl Step {
    /// Sends the command, and returns its answer as text.
    pub(super) async fn send(self, store: &dyn SellingStore) -> String {
        match self {
            Self::Sale(command) => sale(command, store).await,
            Self::Block(command) => answer(store.block_seats(command).await),
            Self::Unblock(command) => answer(store.unblock_seats(command).await),
            Self::Price(id, edit) => answer(store.edit_ticket_type(id, edit).await),
            Self::CallOff(event, at) => answer(store.step_event(event, EventStep::Cancel { at }).await),
            Self::Expire(now, events) => {
                let mut ended = store.expire_due(now, 1_000).await.expect("a sweep succeeds").done;
                // Earlier sequences on the same store may have left something due.
                ended.retain(|row| events.contains(&row.event));
                ended.sort_by_key(|row| row.id);
                format!("{:?}", ended.into_iter().map(unnumbered).collect::<Vec<_>>())
            }
            Self::Announce(now, events) => {
                let mut news = store.announce_statuses(now).await.expect("statuses are told").done;
                news.retain(|(event, _)| events.contains(event));
                news.sort_by_key(|(event, _)| *event);
                format!("{news:?}")
            }
        }
    }
}

async fn sale(command: Envelope<AnyCommand>, store: &dyn SellingStore) -> String {
    let mut outcome = store.execute_any(command).await;
    if let Ok(applied) = &mut outcome {
        applied.reservation = unnumbered(applied.reservation.clone());
    }
    answer(outcome)
}

fn answer<T: Debug, R: Debug>(outcome: Result<T, CommandError<R>>) -> String {
    match outcome {
        Err(CommandError::Store(failed)) => panic!("the store failed: {failed:?}"),
        known => format!("{known:?}"),
    }
}

/// Serial numbers may have gaps, so they may differ between stores; all else is equal.
pub(super) fn unnumbered(mut row: Reservation) -> Reservation {
    row.number = ReservationNumber::new(Timestamp::EPOCH, 0);
    row
}

/// Returns a fact without the number of its reservation.
pub(super) fn unnumbered_fact(mut body: FactBody) -> FactBody {
    match &mut body {
        FactBody::ReservationHeld { reservation, .. }
        | FactBody::ReservationConfirmed { reservation }
        | FactBody::ReservationExpired { reservation }
        | FactBody::ReservationCancelled { reservation, .. }
        | FactBody::TicketsReturned { reservation, .. } => {
            Arc::make_mut(reservation).number = ReservationNumber::new(Timestamp::EPOCH, 0);
        }
        _ => {}
    }
    body
}
