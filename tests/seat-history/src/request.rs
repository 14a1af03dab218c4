//! What was asked about a seat, and what was answered.

use crate::seat::Seat;

/// One request of one buyer, or one thing that the shop may do by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The buyer.
    pub buyer: u64,
    /// What was asked for.
    pub act: Act,
    /// When it was sent, on one clock for all requests.
    pub start: u64,
    /// When the answer arrived; of no importance if the answer is unknown.
    pub end: u64,
    /// The answer.
    pub answer: Answer,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// To hold the seat. A no says that it was not free.
    Hold,
    /// To buy the held seat.
    Buy,
    /// To give the held seat back.
    Release,
    /// To give the bought seat back, for the money.
    Refund,
    /// Nothing: the hold ends by itself, from `start` on. Its answer is always unknown.
    Expire,
    /// To be told how the seat is. It is answered with yes; what was told is here.
    Look(Seat),
}

/// The answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Answer {
    /// It took effect.
    Yes,
    /// It took no effect, and will not.
    No,
    /// It may have taken effect, may do so later, or never.
    Unknown,
}
