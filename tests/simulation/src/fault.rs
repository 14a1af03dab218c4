//! Faults: which kinds exist in a run, and how often each strikes.

use tiketi_workload::Chance;

/// Defines the kinds of faults with their names.
macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal, $most:literal;)*) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Fault { $($(#[doc = $doc])+ $kind,)* }

        impl Fault {
            /// Every kind.
            pub(crate) const ALL: &[Self] = &[$(Self::$kind,)*];

            /// Returns the name in tables and stories.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// Returns the largest share of chances, of 1,000, in which it strikes.
            const fn most(self) -> u64 {
                match self { $(Self::$kind => $most,)* }
            }
        }
    };
}

faults! {
    /// The store fails, and nothing was applied.
    StoreError = "store: error before", 60;
    /// The store applied it, and the answer is lost.
    StoreReplyLost = "store: reply lost", 60;
    /// The store answers that the outcome is unknown, and applies it later.
    StoreAppliedLate = "store: applied after the answer was given up", 40;
    /// The store executes it twice.
    StoreTwice = "store: executed twice", 60;
    /// The store is slow, so commands overtake each other.
    StoreSlow = "store: slow", 200;
    /// The store hangs for many seconds.
    StoreStall = "store: hangs", 8;
    /// The process ends before or after a call of a store.
    Crash = "process: crash", 6;
    /// The clock of the process jumps.
    ClockJump = "clock: jump", 40;
    /// A process starts with a wrong clock.
    ClockSkew = "clock: skew", 500;
    /// A request does not reach its server.
    RequestLost = "network: request lost", 60;
    /// An answer does not reach its client.
    AnswerLost = "network: answer lost", 60;
    /// A request reaches a server twice.
    RequestTwice = "network: request twice", 60;
    /// The client closes the connection, and the server drops the request's work.
    Disconnect = "network: client disconnects", 60;
    /// The provider does not get a request.
    ProviderSilent = "provider: silent", 120;
    /// The provider acts, and its answer is lost.
    ProviderReplyLost = "provider: answer lost", 120;
    /// The provider acts after the caller has given up.
    ProviderLate = "provider: acts late", 80;
    /// The provider gets a request twice.
    ProviderTwice = "provider: request twice", 120;
    /// The provider is slow, so its answers come out of order.
    ProviderSlow = "provider: slow", 300;
    /// The provider takes another amount than was asked for.
    ProviderWrongAmount = "provider: wrong amount", 30;
    /// The provider refuses a refund.
    ProviderRefusesRefund = "provider: refund refused", 60;
    /// Staff give money back on the provider's own pages.
    RefundByHand = "provider: refund by hand", 80;
    /// A try to deliver a webhook is lost.
    WebhookLost = "webhook: lost", 400;
    /// A webhook is delivered twice.
    WebhookTwice = "webhook: twice", 300;
    /// A webhook comes late, after later ones.
    WebhookLate = "webhook: late", 400;
    /// The receiver of facts fails.
    NotifierFails = "notifier: fails", 200;
    /// The receiver of facts got them, and its answer is lost.
    NotifierReplyLost = "notifier: answer lost", 200;
    /// A message of the broadcast is lost, and its listeners are told.
    BroadcastGap = "broadcast: gap", 200;
    /// A message of the broadcast is lost, and no one is told.
    BroadcastLost = "broadcast: lost", 200;
    /// A message of the broadcast comes twice.
    BroadcastTwice = "broadcast: twice", 200;
    /// A lease ends while its owner works.
    LeaseLost = "lease: lost while working", 200;
    /// A deposit is withdrawn, and comes back later.
    DepositWithdrawn = "provider: deposit withdrawn", 900;
}

/// The kinds of faults of a run, with the share of chances in which each strikes.
///
/// Each seed draws which kinds exist (swarm testing, Groce and others 2012): a run in which a kind is absent finds bugs
/// that it would hide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan(Vec<u64>);

impl Plan {
    /// Draws a plan.
    pub(crate) fn drawn(chance: &mut Chance) -> Self {
        // One run in ten has no faults at all, so that the rules alone are tried, too.
        let (none, share) = (chance.happens(100), chance.between(100, 700));
        let rate = |kind: &Fault| {
            let exists = chance.happens(share) && !none;
            let rate = chance.between(1, kind.most());
            if exists { rate } else { 0 }
        };
        Self(Fault::ALL.iter().map(rate).collect())
    }

    /// Returns the share of chances, of 1,000, in which a kind strikes.
    pub(crate) fn rate(&self, kind: Fault) -> u64 {
        self.0.get(kind as usize).copied().unwrap_or(0)
    }

    /// Removes a kind.
    pub(crate) fn remove(&mut self, kind: Fault) {
        if let Some(rate) = self.0.get_mut(kind as usize) {
            *rate = 0;
        }
    }

    /// Returns the kinds that exist.
    pub(crate) fn kinds(&self) -> Vec<Fault> {
        Fault::ALL.iter().copied().filter(|kind| self.rate(*kind) > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_absent_in_many_plans_and_present_in_many() {
        let plans: Vec<Plan> = (0..400).map(|seed| Plan::drawn(&mut Chance::of(seed, "plan"))).collect();
        for kind in Fault::ALL {
            let present = plans.iter().filter(|plan| plan.rate(*kind) > 0).count();
            assert!((80..320).contains(&present), "{}: {present} of 400", kind.name());
        }
        assert!(plans.iter().any(|plan| plan.kinds().is_empty()));
    }
}
