//! Sending any sales command by its type.

use futures::future::BoxFuture;
use tiketi_core::CommandError;
use tiketi_core::decide::{
    Applied, BeginConfirm, BeginRefund, Cancel, Command, ConfirmFree, ExtendHold, Hold, RecordOutcome,
    RecordRefund, Release, StartPayment,
};

use crate::factory::SellingStore;

/// What a command came to.
pub type Outcome<C> = Result<Applied, CommandError<<C as Command>::Refused>>;

/// A command that can be sent to a store, whichever it is.
pub trait SalesCommand: Command {
    /// Returns the store's answer.
    fn send(self, store: &dyn SellingStore) -> BoxFuture<'_, Outcome<Self>>;

    /// Returns the same intent, tried again at another moment.
    #[must_use]
    fn at(self, now: tiketi_core::Timestamp) -> Self;

    /// Returns the same command under another key.
    #[must_use]
    fn keyed(self, key: tiketi_core::CommandKey) -> Self;
}

macro_rules! sent_by {
    ($($command:ty => $method:ident;)*) => {$(
        impl SalesCommand for $command {
            fn send(self, store: &dyn SellingStore) -> BoxFuture<'_, Outcome<Self>> {
                store.$method(self)
            }

            fn at(mut self, now: tiketi_core::Timestamp) -> Self {
                self.now = now;
                self
            }

            fn keyed(mut self, key: tiketi_core::CommandKey) -> Self {
                self.key = key;
                self
            }
        }
    )*};
}

sent_by! {
    Hold => hold;
    ExtendHold => extend_hold;
    Release => release;
    ConfirmFree => confirm_free;
    StartPayment => start_payment;
    BeginConfirm => begin_confirm;
    RecordOutcome => record_outcome;
    Cancel => cancel;
    BeginRefund => begin_refund;
    RecordRefund => record_refund;
}
