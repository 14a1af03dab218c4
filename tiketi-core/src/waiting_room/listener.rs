//! Listeners that learn at once what an admission did.

use std::fmt::Debug;

use crate::waiting_room::place::Place;
use crate::waiting_room::position::Serving;

/// Learns what the admissions of this process did, at once and at most once.
///
/// It is for live updates. A message may be lost, if the process ends between an admission and the call: a buyer's own
/// status says the same.
pub trait RoomListener: Debug + Send + Sync + 'static {
    /// Buyers were called. Each place is for its own buyer only.
    fn called(&self, places: &[Place]);

    /// The public state of a waiting room, after an admission.
    fn moved(&self, serving: &Serving);
}
