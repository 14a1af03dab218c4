//! Live changes of an event: a snapshot, then numbered changes, for hosts with sockets of their own.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::box_office::BoxOffice;
use crate::broadcast::{Arrivals, EventRoom, Listener, PublicNews, Received, SeatsDelta};
use crate::error::StoreError;
use crate::event::EventStatus;
use crate::id::{EventId, TicketTypeId};
use crate::live_seats::{LayoutSeat, LiveSeat, LiveSeats, Resynced, SeatUpdate};
use crate::store::{EventView, SeatMap};
use crate::ticket_type::{Stock, TicketType};
use crate::waiting_room::Serving;

/// How long a missing delta is waited for before the store is read: 50 milliseconds. Deltas of two servers may
/// overtake each other. It is also the shortest time between two reads for news that have a version only
/// ([`PublicNews::MapVersion`]).
pub const GAP_PATIENCE: Duration = Duration::from_millis(50);
/// How often the store is asked whether a message was lost that no later one shows: 1 second.
pub const CHECK_EVERY: Duration = Duration::from_secs(1);
/// How long after a failed read the store is read again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// Everything public about an event at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a host replaces its whole picture by it")]
pub struct LiveSnapshot {
    /// The map version.
    pub version: u64,
    /// The seats in layout order, from the stage backwards.
    pub seats: Vec<LiveSeat>,
    /// The available units of each ticket type.
    pub stock: Vec<(TicketTypeId, u32)>,
    /// The event's status.
    pub status: EventStatus,
    /// The event and its ticket types, as an organiser wrote them. Their stock is that of this moment.
    pub view: Arc<EventView>,
    /// What never changes of each seat, in the order of `seats`.
    pub layout: Arc<[LayoutSeat]>,
}

/// One change of what is public about an event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LiveChange {
    /// Everything. It comes first, and again if the event has other seats than before.
    Snapshot(LiveSnapshot),
    /// Seats changed.
    Seats {
        /// The map version up to which nothing is missing.
        version: u64,
        /// Each changed seat once; none if only the version is new, because a gap was filled.
        updates: Vec<SeatUpdate>,
    },
    /// The available stock of a ticket type changed.
    Stock {
        /// The ticket type.
        ticket_type: TicketTypeId,
        /// The available units.
        available: u32,
    },
    /// The event's status changed.
    Status {
        /// The status.
        status: EventStatus,
    },
    /// The waiting room's public state changed.
    Serving(Box<Serving>),
    /// An organiser changed the event or its ticket types: a title, a price, a capacity. Shown within a second.
    Event(Arc<EventView>),
}

/// A change with its number in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a change with its number")]
pub struct NumberedChange {
    /// Grows by one with each change, from 1.
    pub number: u64,
    /// The change.
    pub change: LiveChange,
}

/// Follows one event: a snapshot, then each change as it happens, on whichever server.
///
/// [`BoxOffice::changes`] makes it. Whatever the broadcast loses, doubles or delays, the stream ends in the store's
/// state: a gap is read from the store after [`GAP_PATIENCE`], and a lost last message at the next check, after at most
/// [`CHECK_EVERY`]. Both need a [`Timer`](crate::clock::Timer) ([`BoxOfficeBuilder::timer`](crate::BoxOfficeBuilder::timer));
/// without one a gap is read at once, and there are no checks.
///
/// A host that answers requests from its picture takes what was received without a wait ([`Changes::try_next`]), and reads the
/// store when its picture is too old for it ([`Changes::catch_up`]): it needs no timer, and no task between requests.
///
/// Each stream asks the store once every [`CHECK_EVERY`]. A host with many sockets opens one for an event and shares it.
///
/// A hold whose time has passed stays `Held` in the stream until a job or the next buyer ends it, about a second.
///
/// ```
/// # use std::sync::Arc;
/// # use tiketi_core::{memory::MemoryStore, *};
/// use tiketi_core::box_office::LiveChange;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let shop = BoxOffice::builder().store(Arc::new(MemoryStore::default())).build()?;
/// # let (opens, closes) = (shop.now(), shop.now().after(std::time::Duration::from_hours(24)));
/// # let details = EventDetails::new("Winter Lights", closes, SaleWindow::new(opens, closes)?);
/// # let standing = TicketTypeInput::new("Standing", Money::new(66_000, Currency::KRW), 500);
/// # let made = shop.catalog().create_event(EventInput::new(details, Currency::KRW).ticket_type(standing)).await?;
/// # let event = shop.catalog().publish_event(made.event.id).await?.id;
/// # let (standing, buyer) = (made.ticket_types[0].id, "01890a5d-ac96-774b-bcce-b302099a8057".parse()?);
/// let mut changes = shop.changes(event);
/// let Some(first) = changes.next().await.transpose()? else { return Ok(()) };
/// assert!(matches!(first.change, LiveChange::Snapshot(_)));
///
/// shop.sales().hold(HoldRequest::new(event, buyer).item(standing, 2)).await?;
/// let Some(second) = changes.next().await.transpose()? else { return Ok(()) };
/// assert_eq!((second.number, second.change), (2, LiveChange::Stock { ticket_type: standing, available: 498 }));
/// # Ok(())
/// # }
/// ```
///
/// It becomes a `Stream` with `futures::stream::unfold(changes, |mut it| async { Some((it.next().await?, it)) })`.
pub struct Changes {
    office: BoxOffice,
    event: EventId,
    listener: Listener<EventRoom>,
    seen: Option<Seen>,
    ready: VecDeque<LiveChange>,
    number: u64,
    resync: Resync,
    /// Ends when the store is asked what was missed; `None` without a timer, and before the first read.
    next_check: Option<Alarm>,
    is_over: bool,
}

/// A wait of the host's timer.
type Alarm = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The state that the host has received.
#[derive(Debug)]
struct Seen {
    seats: LiveSeats,
    stock: Vec<(TicketTypeId, u32)>,
    status: EventStatus,
    view: Arc<EventView>,
}

/// When the store is read for what is missing.
enum Resync {
    /// Nothing is known to be missing.
    NotNeeded,
    /// A delta is missing, which may just be late.
    UnlessFilled(Alarm),
    /// The last read failed.
    Later(Alarm),
    Now,
}

/// Why a wait ended.
enum Woken {
    Received(Received<PublicNews>),
    Resync,
    Check,
}

impl Changes {
    pub(super) fn of(office: BoxOffice, event: EventId) -> Self {
        // It listens before it reads, so that nothing falls between.
        let listener = office.inner.broadcast.listen(EventRoom(event));
        let (ready, resync) = (VecDeque::new(), Resync::Now);
        Self {
            office,
            event,
            listener,
            seen: None,
            ready,
            number: 0,
            resync,
            next_check: None,
            is_over: false,
        }
    }

    /// Returns the event.
    pub const fn event(&self) -> EventId {
        self.event
    }

    /// Waits for the next change; `None` once the event does not exist.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read. The stream goes on: the next call reads again, after 200 milliseconds.
    ///
    /// # Cancel safety
    ///
    /// A dropped wait loses nothing.
    pub async fn next(&mut self) -> Option<Result<NumberedChange, StoreError>> {
        loop {
            if let Some(change) = self.ready.pop_front() {
                self.number += 1;
                return Some(Ok(NumberedChange { number: self.number, change }));
            }
            if self.is_over {
                return None;
            }
            if let Err(error) = self.step().await {
                self.resync = self.alarm(RETRY_AFTER).map_or(Resync::Now, Resync::Later);
                return Some(Err(error));
            }
        }
    }

    /// Returns the next change that needs neither a wait nor a read of the store.
    ///
    /// A commit of this process is in it once the commit is answered.
    pub fn try_next(&mut self) -> Option<NumberedChange> {
        if self.ready.is_empty() {
            self.receive_all();
        }
        let change = self.ready.pop_front()?;
        self.number += 1;
        Some(NumberedChange { number: self.number, change })
    }

    /// Returns whether it is known that changes are missing which [`Changes::try_next`] will not return.
    ///
    /// A delta that may just be late does not count; see [`Changes::has_gap`].
    pub const fn is_behind(&self) -> bool {
        matches!(self.resync, Resync::Now | Resync::Later(_))
    }

    /// Returns whether a delta is missing that may just be late.
    pub const fn has_gap(&self) -> bool {
        matches!(self.resync, Resync::UnlessFilled(_))
    }

    /// Returns what tells another task that [`Changes::try_next`] may have something.
    pub fn arrivals(&self) -> Arrivals<EventRoom> {
        self.listener.arrivals()
    }

    /// Asks the store at once whether anything is missing, and reads it; [`Changes::try_next`] then returns all that the
    /// store had when the call began.
    ///
    /// Returns `false` if the event does not exist.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read.
    ///
    /// # Cancel safety
    ///
    /// A dropped call loses nothing.
    pub async fn catch_up(&mut self) -> Result<bool, StoreError> {
        if matches!(self.resync, Resync::NotNeeded) {
            self.check().await?;
        }
        if !matches!(self.resync, Resync::NotNeeded) {
            self.resync().await?;
        }
        Ok(!self.is_over)
    }

    /// Takes in everything that was received.
    fn receive_all(&mut self) {
        while let Some(received) = self.listener.try_next() {
            self.take_in(received);
        }
    }

    fn take_in(&mut self, received: Received<PublicNews>) {
        match received {
            Received::News(news) => self.receive(news),
            Received::Gap => self.resync = Resync::Now,
        }
    }

    /// Waits for something to do, and does it.
    async fn step(&mut self) -> Result<(), StoreError> {
        if matches!(self.resync, Resync::Now) {
            return self.resync().await;
        }
        match self.wait().await {
            Woken::Received(received) => self.take_in(received),
            Woken::Resync => self.resync = Resync::Now,
            Woken::Check => self.check().await?,
        }
        Ok(())
    }

    async fn wait(&mut self) -> Woken {
        poll_fn(|context| {
            // Alarms first: news may come without end.
            if let Resync::UnlessFilled(alarm) | Resync::Later(alarm) = &mut self.resync
                && alarm.as_mut().poll(context).is_ready()
            {
                return Poll::Ready(Woken::Resync);
            }
            if self.next_check.as_mut().is_some_and(|alarm| alarm.as_mut().poll(context).is_ready()) {
                self.next_check = None;
                return Poll::Ready(Woken::Check);
            }
            self.listener.poll_next(context).map(Woken::Received)
        })
        .await
    }

    /// Takes news in.
    fn receive(&mut self, news: PublicNews) {
        // Before the first read there is nothing to change; the read will include it.
        let Some(seen) = &mut self.seen else { return };
        match news {
            PublicNews::Seats(delta) => self.apply_seats(&delta),
            PublicNews::MapVersion { version } => {
                seen.seats.note_version(version);
                self.wait_for_missing();
            }
            PublicNews::Stock { ticket_type, available } => {
                let known = seen.stock.iter_mut().find(|(of, _)| *of == ticket_type);
                if let Some((_, before)) = known.filter(|(_, before)| *before != available) {
                    *before = available;
                    self.ready.push_back(LiveChange::Stock { ticket_type, available });
                }
            }
            PublicNews::Status { status } => {
                if std::mem::replace(&mut seen.status, status) != status {
                    self.ready.push_back(LiveChange::Status { status });
                }
            }
            PublicNews::Serving(serving) => self.ready.push_back(LiveChange::Serving(serving)),
        }
    }

    fn apply_seats(&mut self, delta: &SeatsDelta) {
        let Some(seen) = &mut self.seen else { return };
        let before = seen.seats.version();
        let updates = seen.seats.apply(delta);
        let version = seen.seats.version();
        if !updates.is_empty() || version != before {
            self.ready.push_back(LiveChange::Seats { version, updates });
        }
        self.wait_for_missing();
    }

    /// Sets when the store is read for seats that are missing; not at all once nothing is.
    fn wait_for_missing(&mut self) {
        let has_gap = self.seen.as_ref().is_some_and(|seen| seen.seats.has_gap());
        match &self.resync {
            Resync::NotNeeded if has_gap => {
                self.resync = self.alarm(GAP_PATIENCE).map_or(Resync::Now, Resync::UnlessFilled);
            }
            Resync::UnlessFilled(_) if !has_gap => self.resync = Resync::NotNeeded,
            Resync::NotNeeded | Resync::UnlessFilled(_) | Resync::Later(_) | Resync::Now => {}
        }
    }

    /// Reads what is missing.
    async fn resync(&mut self) -> Result<(), StoreError> {
        // What was received before the read is older than it, and must not replace it.
        self.receive_all();
        let (catalog, now) = (Arc::clone(&self.office.inner.catalog), self.office.now());
        let since = self.seen.as_ref().map_or(0, |seen| seen.seats.resync_since());
        let (map, view) = (catalog.seat_map(self.event, since).await?, catalog.event(self.event).await?);
        let (Some(map), Some(view)) = (map, view) else {
            self.is_over = true;
            return Ok(());
        };
        let view = Arc::new(view);
        let before = self.seen.as_ref().map(|seen| seen.seats.version());
        let replaced = self.seen.as_mut().map(|seen| seen.seats.resync(&map, now));
        match (replaced, &mut self.seen) {
            (Some(Resynced::Updates(updates)), Some(seen)) => {
                let version = seen.seats.version();
                if !updates.is_empty() || before != Some(version) {
                    self.ready.push_back(LiveChange::Seats { version, updates });
                }
                self.compare(view);
            }
            _ => self.restart_from(&map, view),
        }
        self.resync = Resync::NotNeeded;
        self.next_check = self.alarm(CHECK_EVERY);
        Ok(())
    }

    /// Asks the store whether anything changed that was not received.
    async fn check(&mut self) -> Result<(), StoreError> {
        self.receive_all();
        let before = self.seen.as_ref().map_or(0, |seen| seen.seats.version());
        let catalog = Arc::clone(&self.office.inner.catalog);
        let (version, view) = (catalog.seat_map_version(self.event).await?, catalog.event(self.event).await?);
        let (Some(version), Some(view)) = (version, view) else {
            self.is_over = true;
            return Ok(());
        };
        self.compare(Arc::new(view));
        // What was received meanwhile may be newer than the read.
        self.receive_all();
        let known = self.seen.as_ref().map_or(0, |seen| seen.seats.version());
        // A version before the known one is that of a store that was restored from a copy.
        if version < before || version > known {
            self.resync = Resync::Now;
        }
        self.next_check = self.alarm(CHECK_EVERY);
        Ok(())
    }

    /// Makes changes of what the store has and the host has not received.
    fn compare(&mut self, view: Arc<EventView>) {
        let (stock, status) = (stock_of(&view), view.status(self.office.now()));
        let Some(seen) = &mut self.seen else { return };
        if !is_same_but_for_stock(&seen.view, &view) {
            self.ready.push_back(LiveChange::Event(Arc::clone(&view)));
        }
        seen.view = view;
        for (ticket_type, available) in &stock {
            if !seen.stock.contains(&(*ticket_type, *available)) {
                let (ticket_type, available) = (*ticket_type, *available);
                self.ready.push_back(LiveChange::Stock { ticket_type, available });
            }
        }
        seen.stock = stock;
        if std::mem::replace(&mut seen.status, status) != status {
            self.ready.push_back(LiveChange::Status { status });
        }
    }

    /// Starts with everything.
    fn restart_from(&mut self, map: &SeatMap, view: Arc<EventView>) {
        let now = self.office.now();
        let (stock, status, seats) = (stock_of(&view), view.status(now), LiveSeats::of(map, now));
        self.ready.push_back(LiveChange::Snapshot(LiveSnapshot {
            version: seats.version(),
            seats: seats.seats().to_vec(),
            stock: stock.clone(),
            status,
            view: Arc::clone(&view),
            layout: map.seats.iter().map(LayoutSeat::from).collect(),
        }));
        self.seen = Some(Seen { seats, stock, status, view });
    }

    /// Starts a wait; `None` without a timer.
    fn alarm(&self, after: Duration) -> Option<Alarm> {
        let timer = self.office.inner.timer.clone()?;
        Some(Box::pin(async move { timer.sleep(after).await }))
    }
}

/// Returns whether two views differ in no more than their stock, which has changes of its own.
fn is_same_but_for_stock(one: &EventView, other: &EventView) -> bool {
    let written = |known: &TicketType| TicketType { stock: Stock::of(known.stock.capacity), ..known.clone() };
    one.event == other.event
        && one.ticket_types.iter().map(written).eq(other.ticket_types.iter().map(written))
}

fn stock_of(view: &EventView) -> Vec<(TicketTypeId, u32)> {
    view.ticket_types.iter().map(|ticket_type| (ticket_type.id, ticket_type.stock.available())).collect()
}

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes")
            .field("event", &self.event)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
