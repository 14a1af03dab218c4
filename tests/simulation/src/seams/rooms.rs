//! Waiting rooms behind the fault layer.

use std::sync::Arc;

use async_trait::async_trait;
use tiketi_core::decide::waiting_room::{
    Admission, Admit, Enter, Finish, Heartbeat, Join, JoinRefused, Leave, PlaceRefused, Prove,
};
use tiketi_core::store::{Standing, WaitingRoomStore};
use tiketi_core::waiting_room::{PlaceId, Room};
use tiketi_core::{BuyerId, CommandError, CommandKey, EventId, StoreError, Timestamp};

use crate::planted::Planted;
use crate::seams::{NodeStores, at_once};
use crate::sometimes::Sometimes;
use crate::world::World;

/// Calls the next buyers, and shows the checker whom.
fn admit(world: &Arc<World>, command: &Admit) -> Result<Admission, StoreError> {
    let admission = at_once(world.rooms.admit(command.clone()))?;
    if !admission.lapsed.is_empty() {
        world.reach(Sometimes::Lapsed);
    }
    if !admission.called.is_empty() {
        world.reach(Sometimes::Called);
        world.tell(format_args!("  {} buyers are called", admission.called.len()));
    }
    if !admission.replayed {
        let seen = world.history().note_admission(&admission);
        if let Err(why) = seen {
            world.break_off(why);
        }
    }
    Ok(admission)
}

/// Checks that the room's own numbers fit after a command about one place.
fn stand<E>(world: &World, standing: Result<Standing, E>) -> Result<Standing, E> {
    if let Ok(standing) = &standing {
        let seen = world.history().note_place(&standing.place);
        if let Err(why) = seen {
            world.break_off(why);
        }
    }
    standing
}

#[async_trait]
impl WaitingRoomStore for NodeStores {
    async fn join(&self, command: Join) -> Result<Standing, CommandError<JoinRefused>> {
        self.change(move |world| stand(world, at_once(world.rooms.join(command.clone())))).await
    }

    async fn enter(&self, command: Enter) -> Result<Standing, CommandError<PlaceRefused>> {
        self.change(move |world| stand(world, at_once(world.rooms.enter(command.clone())))).await
    }

    async fn prove(&self, command: Prove) -> Result<Standing, CommandError<PlaceRefused>> {
        self.change(move |world| stand(world, at_once(world.rooms.prove(command.clone())))).await
    }

    async fn heartbeat(&self, command: Heartbeat) -> Result<Standing, CommandError<PlaceRefused>> {
        self.change(move |world| stand(world, at_once(world.rooms.heartbeat(command.clone())))).await
    }

    async fn leave(&self, command: Leave) -> Result<Option<Standing>, StoreError> {
        self.change(move |world| at_once(world.rooms.leave(command.clone()))).await
    }

    async fn finish(&self, command: Finish) -> Result<Option<Standing>, StoreError> {
        self.change(move |world| at_once(world.rooms.finish(command.clone()))).await
    }

    async fn admit(&self, mut command: Admit) -> Result<Admission, StoreError> {
        self.0.world.history().note_max_active(command.policy.max_active, self.0.world.now());
        if self.0.world.has(Planted::TwoAdmissionProcessors) {
            // Decides by a room that was read before others admitted: who came in between is not counted.
            let event = command.event;
            let before = at_once(self.0.world.rooms.room(event))?.map_or(0, |room| room.in_flight());
            self.0.wait().await;
            let now = at_once(self.0.world.rooms.room(event))?.map_or(0, |room| room.in_flight());
            command.policy.max_active += now.saturating_sub(before);
        }
        self.change(move |world| admit(world, &command)).await
    }

    async fn standing(&self, event: EventId, buyer: BuyerId) -> Result<Option<Standing>, StoreError> {
        self.read(|world| at_once(world.rooms.standing(event, buyer))).await
    }

    async fn place(&self, id: PlaceId) -> Result<Option<Standing>, StoreError> {
        self.read(|world| at_once(world.rooms.place(id))).await
    }

    async fn room(&self, event: EventId) -> Result<Option<Room>, StoreError> {
        self.read(|world| at_once(world.rooms.room(event))).await
    }

    async fn busy_rooms(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        self.read(|world| at_once(world.rooms.busy_rooms(after, limit))).await
    }

    async fn clear(&self, event: EventId, request: CommandKey, now: Timestamp) -> Result<u64, StoreError> {
        self.change(move |world| at_once(world.rooms.clear(event, request, now))).await
    }
}
