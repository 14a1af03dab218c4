//! What buyers and organisers do during a sale, generated from a seed.
//!
//! A generator knows nothing of a store, a clock or a shop: it is told what its person sees ([`Seen`]) and answers what
//! the person does next ([`BuyerAct`], [`OrganiserAct`], [`ClerkAct`], [`MeddlerAct`]), in numbers of seats and ticket
//! types. So one generator drives the simulation, the comparison of stores and any other harness, and the same seed
//! makes the same people.
//!
//! ```
//! use tiketi_workload::{Buyer, BuyerAct, Chance, Seen, Shape};
//!
//! let mut buyer = Buyer::new(Chance::of(7, "buyer 1"), Shape { seats: 6, units: 1, has_line: false });
//! let acts: Vec<BuyerAct> = (0..3).map(|_| buyer.next_act(&Seen::Nothing)).collect();
//! let mut again = Buyer::new(Chance::of(7, "buyer 1"), Shape { seats: 6, units: 1, has_line: false });
//! assert_eq!(acts, (0..3).map(|_| again.next_act(&Seen::Nothing)).collect::<Vec<_>>());
//! ```

mod buyer;
mod chance;
mod clerk;
mod meddler;
mod organiser;

pub use buyer::{Buyer, BuyerAct, Seen, Shape};
pub use chance::Chance;
pub use clerk::{Clerk, ClerkAct, Returns};
pub use meddler::{Meddler, MeddlerAct};
pub use organiser::{Organiser, OrganiserAct};
