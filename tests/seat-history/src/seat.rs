//! The states of a seat, and what a request does in each.

use crate::request::{Act, Answer, Request};

/// State of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Seat {
    /// No buyer has it.
    Free,
    /// This buyer holds it.
    Held(u64),
    /// This buyer bought it.
    Sold(u64),
}

impl Seat {
    /// Returns the state after a request takes effect; `None` if it cannot, or its answer would be untrue.
    pub(crate) fn after(self, request: &Request) -> Option<Self> {
        if request.answer == Answer::No {
            return self.refuses(request).then_some(self);
        }
        let buyer = request.buyer;
        match (request.act, self) {
            (Act::Hold, Self::Free) => Some(Self::Held(buyer)),
            (Act::Buy, Self::Held(owner)) if owner == buyer => Some(Self::Sold(buyer)),
            (Act::Release | Act::Expire, Self::Held(owner)) if owner == buyer => Some(Self::Free),
            (Act::Refund, Self::Sold(owner)) if owner == buyer => Some(Self::Free),
            (Act::Look(told), now) => (told == now).then_some(now),
            (Act::Hold | Act::Buy | Act::Release | Act::Refund | Act::Expire, _) => None,
        }
    }

    /// Returns whether a no is true. Only that of a hold says something about the seat.
    fn refuses(self, request: &Request) -> bool {
        request.act != Act::Hold || self != Self::Free
    }
}
