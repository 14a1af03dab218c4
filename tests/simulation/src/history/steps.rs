//! Which steps a reservation may take, and for whom.

use tiketi_core::decide::AnyCommand;
use tiketi_core::{Reservation, ReservationId, ReservationState, Timestamp};

use crate::history::Cause;
use crate::sometimes::Sometimes;
use crate::story::Short;

/// Checks the difference that a commit made to one reservation.
///
/// `paid_for` is the reservation of the payment that the command names, and `now` the true time.
pub(crate) fn check_reservation(
    cause: &Cause<'_>,
    before: Option<&Reservation>,
    after: &Reservation,
    paid_for: Option<ReservationId>,
    now: Timestamp,
) -> Result<Vec<Sometimes>, String> {
    let wrong = |why: &str| {
        let by = cause.command().map_or_else(|| format!("{cause:?}"), |command| format!("{command:?}"));
        Err(format!("reservation {}: {why}, by {by}: {before:?} became {after:?}", Short(after.id.as_uuid())))
    };
    let Some(before) = before else {
        return match (cause.command(), after.state) {
            (Some(AnyCommand::Hold(hold)), ReservationState::Held { .. })
                if hold.reservation == after.id && hold.buyer == after.buyer =>
            {
                Ok(Vec::new())
            }
            _ => wrong("it was made by something else than its hold"),
        };
    };
    if before.buyer != after.buyer || before.event != after.event || after.version <= before.version {
        return wrong("its buyer, event or version went wrong");
    }
    let is_lapse = matches!(
        (before.state, after.state),
        (ReservationState::Held { until }, ReservationState::Expired { .. })
            if cause.now().is_some_and(|now| until <= now)
    );
    if !is_lapse && !cause.may_change(before, paid_for) {
        return wrong("it was changed by a command about something else, or of another buyer");
    }
    match (before.state, after.state) {
        (ReservationState::Expired { .. }, ReservationState::Confirmed { .. }) => match cause.command() {
            Some(AnyCommand::RecordOutcome(_)) => Ok(vec![Sometimes::LateMoneyTookSeats]),
            _ => wrong("it had ended"),
        },
        (ReservationState::Cancelled { .. } | ReservationState::Expired { .. }, _) => wrong("it had ended"),
        (ReservationState::Held { .. }, ReservationState::Expired { .. }) if !is_lapse => {
            wrong("it expired before its end")
        }
        (ReservationState::Paying { .. }, state) => {
            from_paying(cause, before, after, state, now).or_else(wrong)
        }
        (ReservationState::Confirmed { .. }, state) => {
            from_confirmed(cause, before, after, state).or_else(wrong)
        }
        (ReservationState::Held { .. }, ReservationState::Expired { .. }) => {
            let took_over = matches!(cause.command(), Some(AnyCommand::Hold(_)));
            Ok(if took_over { vec![Sometimes::SeatsTakenOver] } else { Vec::new() })
        }
        (ReservationState::Held { .. }, _) => Ok(Vec::new()),
    }
}

fn from_paying(
    cause: &Cause<'_>,
    before: &Reservation,
    after: &Reservation,
    state: ReservationState,
    now: Timestamp,
) -> Result<Vec<Sometimes>, &'static str> {
    let ReservationState::Paying { payment, deadline } = before.state else { return Ok(Vec::new()) };
    let is_its_outcome = match cause.command() {
        Some(AnyCommand::RecordOutcome(record)) => record.payment == payment,
        Some(AnyCommand::EndPayment(end)) => end.payment == payment,
        _ => false,
    };
    match state {
        ReservationState::Paying { payment: still, .. }
            if still == payment && before.seats == after.seats =>
        {
            Ok(Vec::new())
        }
        ReservationState::Confirmed { .. } if is_its_outcome => {
            let is_past = now > deadline;
            Ok(if is_past { vec![Sometimes::PaidPastItsHold] } else { Vec::new() })
        }
        ReservationState::Held { .. } | ReservationState::Cancelled { .. } if is_its_outcome => {
            Ok(Vec::new())
        }
        _ => Err("it lost its tickets, or changed, while its payment was being confirmed"),
    }
}

fn from_confirmed(
    cause: &Cause<'_>,
    before: &Reservation,
    after: &Reservation,
    state: ReservationState,
) -> Result<Vec<Sometimes>, &'static str> {
    let gives_back = matches!(
        cause.command(),
        Some(
            AnyCommand::RecordRefund(_)
                | AnyCommand::RecordOutcome(_)
                | AnyCommand::BeginRefund(_)
                | AnyCommand::Cancel(_)
                | AnyCommand::CallOff(_)
        )
    );
    match state {
        ReservationState::Confirmed { .. } if before.tickets() <= after.tickets() => {
            if before.seats == after.seats { Ok(Vec::new()) } else { Err("what was sold changed") }
        }
        ReservationState::Confirmed { .. } | ReservationState::Cancelled { .. } if gives_back => {
            let is_call_off = matches!(cause.command(), Some(AnyCommand::CallOff(_)));
            Ok(if is_call_off { vec![Sometimes::CalledOff] } else { Vec::new() })
        }
        _ => Err("what was sold was lost without a refund"),
    }
}
