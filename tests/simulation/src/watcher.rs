//! A page that one server keeps current with the stream of changes.

use std::sync::Arc;
use std::time::Duration;

use tiketi_core::box_office::LiveChange;
use tiketi_core::broadcast::{BuyerOnly, PrivateNews, Received};
use tiketi_core::live_seats::LiveSeat;
use tiketi_core::{BoxOffice, BuyerId, EventId};

use crate::sometimes::Sometimes;
use crate::world::World;

/// What a page shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    pub(crate) version: u64,
    pub(crate) seats: Vec<LiveSeat>,
}

/// Follows an event until the process ends.
pub(crate) async fn watch(world: Arc<World>, office: BoxOffice, event: EventId) {
    if !world.setting.is_watched {
        return;
    }
    let (mut changes, mut shown) = (office.changes(event), Shown::default());
    while let Some(change) = changes.next().await {
        let Ok(numbered) = change else { continue };
        match numbered.change {
            LiveChange::Snapshot(snapshot) => {
                shown = Shown { version: snapshot.version, seats: snapshot.seats };
            }
            LiveChange::Seats { version, updates } => {
                if updates.is_empty() {
                    world.reach(Sometimes::StreamGap);
                }
                if version < shown.version {
                    world
                        .break_off(format!("a stream went back from version {} to {version}", shown.version));
                }
                shown.version = version;
                for update in updates {
                    let seat = usize::try_from(update.index).ok().and_then(|at| shown.seats.get_mut(at));
                    match seat {
                        Some(seat) => *seat = update.now,
                        None => world.break_off("a stream names a seat that its snapshot does not have"),
                    }
                }
            }
            _ => {}
        }
        world.history().show(shown.clone());
        world.executor.sleep(Duration::from_millis(1)).await;
    }
}

/// Listens to what is private to a buyer, until the process ends: nothing of another buyer may come.
pub(crate) async fn listen(world: Arc<World>, office: BoxOffice, buyer: BuyerId) {
    if !world.setting.is_watched {
        return;
    }
    let mut listener = office.broadcast().listen_to_buyer(BuyerOnly(buyer));
    loop {
        let Received::News(news) = listener.next().await else { continue };
        let of = match news {
            PrivateNews::ReservationHeld { reservation, .. }
            | PrivateNews::ReservationConfirmed { reservation, .. }
            | PrivateNews::ReservationExpired { reservation, .. } => Some(reservation),
            _ => None,
        };
        // The history has the reservation already: news are sent after their commit.
        let owner = of.and_then(|of| world.history().buyer_of(of));
        if owner.is_some_and(|owner| owner != buyer) {
            world.break_off("a buyer received what is private to another");
        }
        world.reach(Sometimes::PrivateNews);
    }
}
