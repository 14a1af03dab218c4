//! The row of a waiting room: its counters, lines and measurements.

use crate::id::{CommandKey, EventId};
use crate::time::Timestamp;
use crate::transition::IllegalTransition;
use crate::waiting_room::adaptive::AdaptiveRate;
use crate::waiting_room::draw::Draw;
use crate::waiting_room::outflow::Outflow;
use crate::waiting_room::pace::Pace;
use crate::waiting_room::place::{Place, PlaceClass, PlaceState, PlaceStep};
use crate::waiting_room::policy::RoomPolicy;

/// One event's waiting room, without its places.
///
/// Its size does not depend on how many wait, so a status costs the same for any line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Room {
    /// The event.
    pub event: EventId,
    /// The line of [`PlaceClass::Priority`].
    pub priority: Line,
    /// The line of [`PlaceClass::Standard`].
    pub standard: Line,
    /// The line of [`PlaceClass::Demoted`].
    pub demoted: Line,
    /// Places in the state [`PlaceState::Called`], lapsed ones included until an admission records them.
    pub called: u32,
    /// Places in the state [`PlaceState::Active`], lapsed ones included until an admission records them.
    pub active: u32,
    /// When the lines opened; those who joined before are the lobby.
    pub opened_at: Option<Timestamp>,
    /// When the next buyer is due by the rate.
    pub pace: Pace,
    /// How fast the lines move.
    pub outflow: Outflow,
    /// The stock at the latest admission; `None` if it is not counted.
    pub stock: Option<Stock>,
    /// The rate at the latest admission, if it is adaptive.
    pub rate: Option<AdaptiveRate>,
    /// Request that cleared the room last.
    pub cleared_by: Option<CommandKey>,
    /// Grows by one with each change of the room.
    pub version: u64,
}

/// The line of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Line {
    /// The last arrival number that was given.
    pub arrivals: u64,
    /// The last number that was called or passed over.
    pub serving: u64,
    /// Places in the state [`PlaceState::Waiting`].
    pub waiting: u64,
    /// The last arrival number of a lobby that is drawn; meaningful once the room is open.
    ///
    /// If the order was that of arrival when the room opened, it is [`Line::cleared`]: a later change of the policy draws
    /// no order of buyers who have their numbers.
    pub lobby: u64,
    /// The last arrival number that was given when the room was cleared; those up to it are void.
    pub cleared: u64,
}

/// Tickets that buyers in the line can still get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Stock {
    /// Tickets that can be held now.
    pub unsold: u64,
    /// Tickets that are held, and come back if they are not paid.
    pub returning: u64,
}

impl Line {
    /// Returns how many of the lobby take part in the draw; meaningful once the room is open.
    pub const fn drawn(&self) -> u64 {
        self.lobby.saturating_sub(self.cleared)
    }
}

impl Stock {
    /// Returns how many tickets there can be at most for those who wait.
    pub fn reachable(self) -> u64 {
        self.unsold.saturating_add(self.returning)
    }
}

impl Room {
    /// Makes the waiting room of an event that no one has joined.
    pub fn new(event: EventId) -> Self {
        Self {
            event,
            priority: Line::default(),
            standard: Line::default(),
            demoted: Line::default(),
            called: 0,
            active: 0,
            opened_at: None,
            pace: Pace::default(),
            outflow: Outflow::default(),
            stock: None,
            rate: None,
            cleared_by: None,
            version: 0,
        }
    }

    /// Returns the line of a class.
    pub const fn line(&self, class: PlaceClass) -> &Line {
        match class {
            PlaceClass::Priority => &self.priority,
            PlaceClass::Standard => &self.standard,
            PlaceClass::Demoted => &self.demoted,
        }
    }

    /// Returns the line of a class, to change it.
    pub const fn line_mut(&mut self, class: PlaceClass) -> &mut Line {
        match class {
            PlaceClass::Priority => &mut self.priority,
            PlaceClass::Standard => &mut self.standard,
            PlaceClass::Demoted => &mut self.demoted,
        }
    }

    /// Returns how many places wait, of all classes.
    pub fn waiting(&self) -> u64 {
        PlaceClass::ALL.iter().fold(0, |sum, class| self.line(*class).waiting.saturating_add(sum))
    }

    /// Returns how many places take up capacity: those called and those active.
    pub const fn in_flight(&self) -> u32 {
        self.called.saturating_add(self.active)
    }

    /// Returns how many places are live.
    pub fn live(&self) -> u64 {
        self.waiting().saturating_add(u64::from(self.in_flight()))
    }

    /// Returns whether admission pauses, because no ticket can be held at present.
    pub fn is_paused(&self) -> bool {
        self.stock.is_some_and(|stock| stock.unsold == 0)
    }

    /// Opens the lines if they are due; from then on no one joins the lobby.
    ///
    /// Every command calls it, so that the opening depends on no job.
    pub fn open_if_due(&mut self, policy: &RoomPolicy, now: Timestamp) {
        if self.opened_at.is_some() || policy.opens_at.is_some_and(|opens_at| now < opens_at) {
            return;
        }
        self.opened_at = Some(now);
        for class in PlaceClass::ALL {
            let line = self.line_mut(class);
            line.lobby = if policy.fairness.plan().is_some() { line.arrivals } else { line.cleared };
        }
    }

    /// Returns the draw of a class; `None` if there is none, the lines are not open, or the beacon is awaited.
    pub fn draw(&self, class: PlaceClass, policy: &RoomPolicy) -> Option<Draw> {
        let key = policy.fairness.plan()?.key()?;
        self.opened_at?;
        let line = self.line(class);
        Some(Draw::new(&key, class, line.cleared, line.drawn()))
    }

    /// Applies a step to a place, and counts it.
    ///
    /// # Errors
    ///
    /// [`IllegalTransition`] of the place; nothing is changed.
    pub fn step(&mut self, place: &mut Place, step: &PlaceStep) -> Result<(), IllegalTransition> {
        let after = place.state.apply(step)?;
        self.count(place.id.class, place.state, after);
        place.state = after;
        Ok(())
    }

    /// Ends all places of the room; arrival numbers go on.
    pub fn clear(&mut self, request: CommandKey) {
        for class in PlaceClass::ALL {
            let line = self.line_mut(class);
            let arrivals = line.arrivals;
            *line = Line { arrivals, serving: arrivals, waiting: 0, lobby: arrivals, cleared: arrivals };
        }
        self.called = 0;
        self.active = 0;
        self.cleared_by = Some(request);
        self.version = self.version.saturating_add(1);
    }

    /// Counts a new place.
    pub(crate) fn count_new(&mut self, class: PlaceClass) {
        let line = self.line_mut(class);
        line.waiting = line.waiting.saturating_add(1);
    }

    fn count(&mut self, class: PlaceClass, before: PlaceState, after: PlaceState) {
        match before {
            PlaceState::Waiting => {
                let line = self.line_mut(class);
                line.waiting = line.waiting.saturating_sub(1);
            }
            PlaceState::Called { .. } => self.called = self.called.saturating_sub(1),
            PlaceState::Active { .. } => self.active = self.active.saturating_sub(1),
            PlaceState::Done | PlaceState::Left | PlaceState::Lapsed => {}
        }
        match after {
            PlaceState::Waiting => self.count_new(class),
            PlaceState::Called { .. } => self.called = self.called.saturating_add(1),
            PlaceState::Active { .. } => self.active = self.active.saturating_add(1),
            PlaceState::Done | PlaceState::Left | PlaceState::Lapsed => {}
        }
    }
}
