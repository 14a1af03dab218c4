//! Known bugs that tests of the checker plant, all in the simulation's own adapters.

/// A known bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "this crate is not published")]
pub enum Planted {
    /// The sweeper frees a seat whose payment is being confirmed.
    SweeperFreesConfirming,
    /// A timeout of the provider is taken as declined.
    TimeoutIsDeclined,
    /// A lease is released without a look at its owner.
    ReleaseWithoutOwnerCheck,
    /// Two processors admit buyers by what each read before.
    TwoAdmissionProcessors,
    /// The limit per buyer counts one order only.
    LimitPerOrder,
    /// A command whose answer was lost is sent again under a new key.
    RetryWithNewKey,
    /// The outbox is read on from the greatest id seen.
    OutboxByCursor,
    /// A store keeps the rows of a commit that failed.
    RowsKeptAfterFailedCommit,
    /// A refund by hand of less than the queued refund settles it.
    LessSettlesRefund,
    /// Money that was given back in full still buys seats.
    GivenBackStillSells,
    /// A server reads the machine's clock instead of its own, once in a while.
    MachineClock,
}

impl Planted {
    /// Every known bug.
    pub const ALL: &[Self] = &[
        Self::SweeperFreesConfirming,
        Self::TimeoutIsDeclined,
        Self::ReleaseWithoutOwnerCheck,
        Self::TwoAdmissionProcessors,
        Self::LimitPerOrder,
        Self::RetryWithNewKey,
        Self::OutboxByCursor,
        Self::RowsKeptAfterFailedCommit,
        Self::LessSettlesRefund,
        Self::GivenBackStillSells,
        Self::MachineClock,
    ];
}
