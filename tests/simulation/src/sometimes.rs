//! What must happen sometimes: a run that never reaches a condition tests nothing about it.

/// Defines the conditions with their names.
macro_rules! conditions {
    ($($(#[doc = $doc:literal])+ $condition:ident = $name:literal;)*) => {
        /// A condition that must be reached in some run.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Sometimes { $($(#[doc = $doc])+ $condition,)* }

        impl Sometimes {
            /// Every condition.
            pub(crate) const ALL: &[Self] = &[$(Self::$condition,)*];

            /// Returns the name in tables and stories.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$condition => $name,)* }
            }
        }
    };
}

conditions! {
    /// Money came after the hold had ended, and took the same seats again.
    LateMoneyTookSeats = "late money took the seats again";
    /// Money came after the hold had ended, and was given back.
    LateMoneyWentBack = "late money was given back";
    /// A hold took seats over whose hold had ended a moment before.
    SeatsTakenOver = "a hold took over seats of a lapsed one";
    /// The sweeper ended a hold.
    Swept = "the sweeper ended a hold";
    /// A hold was refused because others have the seats.
    SeatsTaken = "seats were refused as taken";
    /// A hold was refused because of the limit.
    LimitReached = "the limit per buyer was reached";
    /// A hold ended while its payment was being confirmed, and its seats stayed.
    PaidPastItsHold = "a payment was confirmed after its hold would have ended";
    /// A command was answered from its record.
    Replayed = "a command was repeated under its key";
    /// A command was refused because the clock of its server was ahead.
    ClockRefused = "a command of a clock ahead was refused";
    /// A payment was declined, and the hold resumed.
    Declined = "a payment was declined";
    /// A payment was settled by a look-up.
    Reconciled = "reconciliation learned an outcome";
    /// A payment became stuck.
    Stuck = "a payment got stuck";
    /// A payment was partly refunded.
    PartlyRefunded = "a payment was refunded in part";
    /// A payment was refunded in full.
    Refunded = "a payment was refunded in full";
    /// A refund was refused by the provider.
    RefundRefused = "a refund was refused";
    /// A refund by hand was found while a refund was queued.
    ByHandWhileQueued = "money went back by hand while a refund was queued";
    /// Money that had been given back was found with the capture.
    PaidAndGivenBack = "a capture was found together with its refund";
    /// A cancelled event refunded a buyer.
    CalledOff = "a cancelled event ended a reservation";
    /// Staff ended a silent payment.
    EndedByStaff = "staff ended a silent payment";
    /// A buyer was called from the line.
    Called = "a buyer was called";
    /// A turn or a session lapsed.
    Lapsed = "a turn or a session lapsed";
    /// A buyer held after waiting.
    HeldWithPass = "a buyer held with a pass";
    /// A webhook was delivered again.
    WebhookKnown = "a webhook was known already";
    /// A lease was lost while its owner worked.
    LeaseLost = "a lease was lost while working";
    /// A write under an old fencing token was refused.
    StaleToken = "a stale fencing token was refused";
    /// A process crashed while a payment was being confirmed.
    CrashWhileConfirming = "a process crashed while a payment was confirming";
    /// A fact was delivered to a subscriber twice.
    FactTwice = "a fact was delivered twice";
    /// A stream of changes reported a gap.
    StreamGap = "a stream of changes had a gap";
    /// A deposit arrived while the seats waited for it.
    DepositArrived = "a deposit arrived";
    /// A deposit did not arrive in time, and its account was closed.
    DepositOverdue = "a deposit was overdue";
    /// A buyer gave up a deposit.
    DepositGivenUp = "a buyer gave up a deposit";
    /// A deposit that had arrived was withdrawn.
    DepositWithdrawn = "a deposit was withdrawn";
    /// A buyer heard of the own reservation.
    PrivateNews = "a buyer heard what is private";
}
