//! Says whether what buyers were told about one seat can have happened, with one owner at a time.
//!
//! A [`SeatHistory`] has what was asked about the seat, when, and what was answered: yes, no, or nothing that can be
//! relied on. [`SeatHistory::explain`] looks for moments at which each request took effect, between its start and its
//! answer, such that the seat had one owner at a time and each answer was true. A request without an answer may have
//! taken effect at any moment after its start, or never.
//!
//! The search is exact: it finds an explanation if there is one. It goes through the history once, in the order of time,
//! and keeps every state that the seat may be in, with the requests that took effect to get there. Of two ways into the
//! same state, it drops the one that needed more of what may never have happened: whatever that one can explain, the
//! other can, too.
//!
//! ```
//! use tiketi_seat_history::{Act, Answer, Request, SeatHistory};
//!
//! let hold = |buyer, start, end, answer| Request { buyer, act: Act::Hold, start, end, answer };
//! let history = |requests: &[Request]| SeatHistory::new(requests.to_vec()).explain();
//! // The first answer was lost: either of them may have the seat.
//! assert!(history(&[hold(1, 0, 5, Answer::Unknown), hold(2, 6, 9, Answer::Yes)]).is_ok());
//! assert!(history(&[hold(1, 0, 5, Answer::Yes), hold(2, 6, 9, Answer::Yes)]).is_err());
//! ```

#![expect(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::indexing_slicing,
    reason = "this crate is not published, and its places are those of its own list"
)]

mod explain;
mod request;
mod seat;

#[cfg(test)]
mod tests;

pub use explain::{SeatHistory, Unexplained};
pub use request::{Act, Answer, Request};
pub use seat::Seat;
