//! What is remembered of commands and requests.

use tiketi_core::decide::{CommandRecord, CreationRecord, Effect};
use tiketi_core::{
    PaymentId, ReservationId, StoreError, Timestamp,
    store::{Answer, AnswerClaim},
};

use crate::row::{Row, moment, unreadable};

/// Reads what is remembered under a command's key.
pub fn command_record(row: &impl Row) -> Result<CommandRecord, StoreError> {
    let reservation = ReservationId::from_uuid(row.uuid("reservation")?);
    let payment = row.maybe_uuid("payment")?.map(PaymentId::from_uuid);
    Ok(CommandRecord {
        fingerprint: row.uuid("fingerprint")?.as_u128(),
        effect: Effect { reservation, payment },
        at: moment(row, "at")?,
    })
}

/// Reads what is remembered under the key of something made.
pub fn creation_record(row: &impl Row) -> Result<CreationRecord, StoreError> {
    Ok(CreationRecord {
        fingerprint: row.uuid("fingerprint")?.as_u128(),
        made: row.uuid("made")?,
        at: moment(row, "at")?,
    })
}

/// Tells what a claim on a key that is kept comes to.
pub fn answer_claim(row: &impl Row, fingerprint: u128, now: Timestamp) -> Result<AnswerClaim, StoreError> {
    if row.uuid("fingerprint")?.as_u128() != fingerprint {
        return Ok(AnswerClaim::Mismatch);
    }
    if row.maybe_int("answered_at")?.is_some() {
        return Ok(AnswerClaim::Replay(answer(row)?));
    }
    let lapsed = moment(row, "claimed_until")? <= now;
    Ok(if lapsed { AnswerClaim::Run } else { AnswerClaim::Running })
}

fn answer(row: &impl Row) -> Result<Answer, StoreError> {
    Ok(Answer {
        status: u16::try_from(row.int("status")?).map_err(|_| unreadable("status"))?,
        content_type: row.text("content_type")?.to_owned(),
        body: row.bytes("body")?.to_vec(),
    })
}
