//! The picture of an event: what everyone may see of it, at one moment.

use std::sync::Arc;

use tiketi_core::box_office::{LiveChange, LiveSnapshot};
use tiketi_core::event::EventStatus;
use tiketi_core::live_seats::{LayoutSeat, LiveSeat, SeatUpdate};
use tiketi_core::seat_states::LayoutHash;
use tiketi_core::store::EventView;
use tiketi_core::ticket_type::Stock;
use tiketi_core::waiting_room::Serving;
use tiketi_core::{TicketTypeId, Timestamp};

/// Seats that are copied together when one of them changes.
const BLOCK_SEATS: usize = 256;

/// What everyone may see of an event. Its parts are shared, so a copy costs little.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// Grows with each change of the picture, in this process.
    pub(crate) revision: u64,
    /// The event and its ticket types; of each stock only the available units are true.
    pub(crate) view: Arc<EventView>,
    /// The status that was announced last.
    pub(crate) status: EventStatus,
    /// The seats.
    pub(crate) seats: PictureSeats,
    /// The public state of the waiting room; `None` without one, and before it was first read or sent.
    pub(crate) serving: Option<Arc<Serving>>,
}

/// The seats of a picture, in layout order.
#[derive(Debug, Clone)]
pub(crate) struct PictureSeats {
    /// The map version up to which nothing is missing.
    version: u64,
    /// The map version before which changes cannot be told, because the event had other seats.
    told_from: u64,
    /// Map versions can be compared only within one epoch. A new one begins with other seats, and when the store was
    /// restored from a copy.
    epoch: u64,
    layout: LayoutHash,
    blocks: Vec<Arc<[LiveSeat]>>,
    count: usize,
}

impl Picture {
    /// Makes the picture of a snapshot.
    pub(crate) fn of(snapshot: LiveSnapshot) -> Self {
        let seats = PictureSeats::of(snapshot.version, &snapshot.seats, &snapshot.layout);
        Self { revision: 1, view: snapshot.view, status: snapshot.status, seats, serving: None }
    }

    /// Applies a change; returns whether it made a difference.
    pub(crate) fn apply(&mut self, change: LiveChange) -> bool {
        match change {
            LiveChange::Snapshot(snapshot) => {
                let (revision, serving, epoch) = (self.revision, self.serving.take(), self.seats.epoch + 1);
                *self = Self { revision, serving, ..Self::of(snapshot) };
                (self.seats.told_from, self.seats.epoch) = (self.seats.version, epoch);
            }
            LiveChange::Seats { version, updates } => self.seats.apply(version, &updates),
            LiveChange::Stock { ticket_type, available } => return self.set_stock(ticket_type, available),
            LiveChange::Status { status } => self.status = status,
            LiveChange::Serving(serving) => return self.set_serving(serving),
            LiveChange::Event(view) => self.view = view,
            // A kind of change that is not shown.
            _ => return false,
        }
        true
    }

    /// Sets the waiting room's public state, unless it is older; returns whether it is another one.
    pub(crate) fn set_serving(&mut self, serving: Box<Serving>) -> bool {
        let before = self.serving.as_deref();
        if before.is_some_and(|before| before.as_of > serving.as_of) {
            return false;
        }
        let is_same = before.is_some_and(|before| Serving { as_of: serving.as_of, ..*before } == *serving);
        self.serving = Some(Arc::from(serving));
        !is_same
    }

    /// Returns the event's status at `now`, which follows from the clock, the sale window and the stock.
    pub(crate) fn status_at(&self, now: Timestamp) -> EventStatus {
        self.view.status(now)
    }

    fn set_stock(&mut self, ticket_type: TicketTypeId, available: u32) -> bool {
        let is_known = |known: &&tiketi_core::TicketType| known.id == ticket_type;
        let before = self.view.ticket_types.iter().find(is_known).map(|known| known.stock.available());
        if before.is_none_or(|before| before == available) {
            return false;
        }
        let view = Arc::make_mut(&mut self.view);
        for known in view.ticket_types.iter_mut().filter(|known| known.id == ticket_type) {
            // Whether units are held, sold or blocked is not public, and not told.
            let capacity = known.stock.capacity.max(available);
            known.stock = Stock { held: capacity - available, ..Stock::of(capacity) };
        }
        true
    }
}

impl PictureSeats {
    fn of(version: u64, seats: &[LiveSeat], layout: &[LayoutSeat]) -> Self {
        let blocks = seats.chunks(BLOCK_SEATS).map(Arc::from).collect();
        Self { version, told_from: 0, epoch: 0, layout: LayoutHash::of(layout), blocks, count: seats.len() }
    }

    /// Returns the map version up to which nothing is missing.
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    /// Returns the hash of the layout.
    pub(crate) const fn layout(&self) -> LayoutHash {
        self.layout
    }

    /// Returns the epoch of the map versions. What was encoded in another epoch cannot be updated.
    pub(crate) const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Returns how many seats there are.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// Returns the seats in layout order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &LiveSeat> {
        self.blocks.iter().flat_map(|block| block.iter())
    }

    /// Returns the seats that changed after a map version, each as it is now, in layout order.
    ///
    /// Returns `None` if everything has to be read: for version 0, one of the future, and one of other seats.
    pub(crate) fn since(&self, version: u64) -> Option<Vec<SeatUpdate>> {
        if version == 0 || version > self.version || version < self.told_from {
            return None;
        }
        let changed = self.iter().zip(0..).filter(|(seat, _)| seat.map_version > version);
        Some(changed.map(|(now, index)| SeatUpdate { index, now: *now }).collect())
    }

    fn apply(&mut self, version: u64, updates: &[SeatUpdate]) {
        if version < self.version {
            (self.told_from, self.epoch) = (version, self.epoch + 1);
        }
        self.version = version;
        for update in updates {
            let Ok(at) = usize::try_from(update.index) else { continue };
            let block = self.blocks.get_mut(at / BLOCK_SEATS);
            // A block that an earlier picture has is copied; the rest is shared with it.
            let seat = block.and_then(|block| Arc::make_mut(block).get_mut(at % BLOCK_SEATS));
            if let Some(seat) = seat {
                *seat = update.now;
            }
        }
    }
}
