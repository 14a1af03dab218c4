//! The rules: pure functions from rows and a command to a change or a refusal.
//!
//! Each command has one file with the command, its refusals and its rule. The rule is a total function of a [`Scope`]
//! (the rows it may read) and the command. It returns a [`Change`] or a refusal, and has no effects.
//!
//! An adapter runs every command in the same steps: find the command's [`Subject`], lock that event's rows, end what is
//! due ([`expire`]), call [`run`], write the change with its facts ([`coalesce_facts`]), commit. [`execute`] is these
//! steps between the lock and the commit, over the store's [`WorkingRows`].
//!
//! A store has one method for all commands: it takes an [`AnyCommand`] in an [`Envelope`], with the key and the moment.

mod announce;
mod any_command;
mod archive;
mod begin_confirm;
mod block;
mod call_off;
mod cancel;
mod change;
mod change_builder;
mod clock;
mod coalesce_facts;
mod command;
mod confirm_free;
mod create;
mod edit;
mod effects;
mod end_payment;
mod expire;
mod extend;
mod fingerprint;
#[cfg(test)]
pub(crate) mod fixture;
mod hold;
mod mail;
mod new_id;
mod note;
mod pay;
pub mod rate_limit;
mod record_outcome;
mod refund;
mod refund_amount;
mod release;
mod schedule_reconciliation;
mod scope;
mod session;
mod snapshot;
mod stock;
mod table;
pub mod waiting_room;

pub use announce::{announce_status, any_left};
pub use any_command::{AnyCommand, AnyRefused, SalesCommand};
pub use archive::{ArchiveRefused, OpenWork, archive, refuse_archived, unarchive};
pub use begin_confirm::{BeginConfirm, BeginConfirmRefused};
pub use block::{BlockRefused, BlockSeats, UnblockSeats, block_seats, unblock_seats};
pub use call_off::{CallOff, CallOffRefused};
pub use cancel::{Cancel, CancelRefused};
pub use change::{Change, Effect, SeatChange};
pub use clock::{ClockAhead, ClockSkew, MAX_CLOCK_LEAD, MAX_CLOCK_SKEW, check_clock};
pub use coalesce_facts::coalesce_facts;
pub use command::{
    Applied, Command, CommandRecord, Envelope, ReadSet, Subject, Verdict, WorkingRows, execute, run,
};
pub use confirm_free::{ConfirmFree, ConfirmFreeRefused};
pub use create::{
    AddTicketType, CheckedCreation, CreateEvent, CreateLayout, CreateRefused, Created, Creation,
    CreationRecord, CreationVerdict, create,
};
pub use edit::{EditRefused, edit_details, edit_ticket_type, remove_ticket_type};
pub use end_payment::{EndPayment, EndPaymentRefused};
pub use expire::expire;
pub use extend::{ExtendHold, ExtendRefused};
pub use fingerprint::Fingerprint;
pub use hold::{Hold, HoldRefused, Shortage};
pub use mail::{LONGEST_MAIL_DELAY, MAIL_TRIES, mail_failed};
pub use note::{NotePayment, NotePaymentRefused};
pub use pay::{StartPayment, StartPaymentRefused};
pub use record_outcome::{CaptureOutcome, RecordOutcome, RecordOutcomeRefused};
pub use refund::{BeginRefund, BeginRefundRefused, RecordRefund, RecordRefundRefused, RefundOutcome};
pub use refund_amount::{CancellationClosed, CancellationQuote, RefundWanted, quote_cancellation};
pub use release::{Release, ReleaseRefused};
pub use schedule_reconciliation::{ReconcileStep, ScheduleReconciliation, ScheduleReconciliationRefused};
pub use scope::Scope;
pub use session::{REFRESH_REPEAT, RefreshRefused, Refreshed, refresh_session};
pub use snapshot::Snapshot;
