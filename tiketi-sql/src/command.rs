//! The records of commands and requests.

use tiketi_core::decide::{CommandRecord, CreationRecord, Effect};
use tiketi_core::{
    CommandKey, PaymentId, ReservationId, StoreError, Timestamp,
    store::{Answer, AnswerClaim, ClaimAnswer},
};
use uuid::Uuid;

use crate::row::{Row, moment, unreadable};
use crate::table::table;

/// The columns that [`answer_claim`] reads.
pub const ANSWER_COLUMNS: &str = "fingerprint, claimed_until, answered_at, status, content_type, body";

table! {
    /// A row of `commands`.
    CommandRow = "commands", listed by command_columns {
        key { key: Uuid }
        fixed { fingerprint: Uuid, reservation: Uuid, payment: Option<Uuid>, at: i64 }
    }
}

impl CommandRow {
    /// Writes the record of a command as its columns.
    pub fn of(key: CommandKey, record: &CommandRecord) -> Self {
        let CommandRecord { fingerprint, effect, at } = record;
        let Effect { reservation, payment } = effect;
        Self {
            key: key.as_uuid(),
            fingerprint: Uuid::from_u128(*fingerprint),
            reservation: reservation.as_uuid(),
            payment: payment.map(PaymentId::as_uuid),
            at: at.as_micros(),
        }
    }

    /// Reads the record from its columns.
    pub fn record(&self) -> CommandRecord {
        let reservation = ReservationId::from_uuid(self.reservation);
        let payment = self.payment.map(PaymentId::from_uuid);
        CommandRecord {
            fingerprint: self.fingerprint.as_u128(),
            effect: Effect { reservation, payment },
            at: Timestamp::from_micros(self.at),
        }
    }
}

table! {
    /// A row of `creations`.
    CreationRow = "creations", listed by creation_columns {
        key { key: Uuid }
        fixed { fingerprint: Uuid, made: Uuid, at: i64 }
    }
}

impl CreationRow {
    /// Writes the record of a creation as its columns.
    pub fn of(key: CommandKey, record: &CreationRecord) -> Self {
        let CreationRecord { fingerprint, made, at } = record;
        let fingerprint = Uuid::from_u128(*fingerprint);
        Self { key: key.as_uuid(), fingerprint, made: *made, at: at.as_micros() }
    }

    /// Reads the record from its columns.
    pub fn record(&self) -> CreationRecord {
        let at = Timestamp::from_micros(self.at);
        CreationRecord { fingerprint: self.fingerprint.as_u128(), made: self.made, at }
    }
}

/// Returns the result of a claim on a key that is stored already.
pub fn answer_claim(row: &impl Row, claim: &ClaimAnswer) -> Result<AnswerClaim, StoreError> {
    let answered_at = row.maybe_int("answered_at")?;
    if answered_at.is_some_and(|at| at < claim.replay_from.as_micros()) {
        return Ok(AnswerClaim::Run);
    }
    if row.uuid("fingerprint")?.as_u128() != claim.fingerprint {
        return Ok(AnswerClaim::Mismatch);
    }
    if answered_at.is_some() {
        return Ok(AnswerClaim::Replay(answer(row)?));
    }
    let lapsed = moment(row, "claimed_until")? <= claim.now;
    Ok(if lapsed { AnswerClaim::Run } else { AnswerClaim::Running })
}

fn answer(row: &impl Row) -> Result<Answer, StoreError> {
    Ok(Answer {
        status: u16::try_from(row.int("status")?).map_err(|_| unreadable("status"))?,
        content_type: row.text("content_type")?.to_owned(),
        body: row.bytes("body")?.to_vec(),
    })
}
