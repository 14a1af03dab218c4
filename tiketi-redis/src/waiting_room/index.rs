//! The index of rooms that may have a live place, for the jobs that admit.
//!
//! It is a separate key, possibly on another node, so it cannot change in one step with a room. It lists a room
//! before its first place is written, and may list rooms that are empty by now: readers check each room.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tiketi_core::{EventId, StoreError};
use tokio::time::Instant;
use uuid::Uuid;

use crate::connection::Redis;
use crate::error::{read_failed, write_failed};
use crate::keys::index_keys;
use crate::script::{Call, Script};

/// How often a busy room is announced again, in case the index was lost with its node.
const AGAIN_AFTER: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct RoomIndex {
    announce: Script,
    retire: Script,
    announced: Mutex<HashMap<EventId, Instant>>,
}

impl RoomIndex {
    pub(crate) fn new() -> Self {
        Self {
            announce: Script::new(include_str!("../../scripts/announce.lua")),
            retire: Script::new(include_str!("../../scripts/retire.lua")),
            announced: Mutex::default(),
        }
    }

    /// Returns whether this process has not announced the room for a while.
    pub(crate) fn is_due(&self, event: EventId) -> bool {
        let announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.get(&event).is_none_or(|at| at.elapsed() >= AGAIN_AFTER)
    }

    /// Lists a room.
    pub(crate) async fn announce(&self, redis: &Redis, event: EventId) -> Result<(), StoreError> {
        let mut call = Call { keys: index_keys(redis.prefix()).into(), ..Call::default() };
        call.argument(*event.as_uuid().as_bytes());
        let asked = Instant::now();
        self.announce.run::<u32>(redis, &call).await.map_err(write_failed)?;
        self.announced.lock().unwrap_or_else(PoisonError::into_inner).insert(event, asked);
        Ok(())
    }

    /// Returns listed events after `after`, in order.
    pub(crate) async fn listed(
        &self,
        redis: &Redis,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<EventId>, StoreError> {
        let [index, _] = index_keys(redis.prefix());
        let from = after.map_or(vec![b'-'], |event| [b"(", &event.as_uuid().as_bytes()[..]].concat());
        let mut command = redis::cmd("ZRANGEBYLEX");
        command.arg(index).arg(from).arg("+").arg("LIMIT").arg(0).arg(limit);
        let members: Vec<Vec<u8>> = redis.run(&command).await.map_err(read_failed)?;
        let ids = members.iter().map(|member| Uuid::from_slice(member).map(EventId::from_uuid));
        ids.collect::<Result<_, _>>()
            .map_err(|error| StoreError::corrupt("the index of rooms is damaged").caused_by(error))
    }

    /// Takes a room that was removed off the list.
    pub(crate) async fn remove(&self, redis: &Redis, event: EventId) -> Result<(), StoreError> {
        for (name, key) in ["ZREM", "HDEL"].into_iter().zip(index_keys(redis.prefix())) {
            let mut command = redis::cmd(name);
            command.arg(key).arg(event.as_uuid().as_bytes());
            redis.run::<u32>(&command).await.map_err(write_failed)?;
        }
        self.announced.lock().unwrap_or_else(PoisonError::into_inner).remove(&event);
        Ok(())
    }

    /// Removes rooms without a live place, unless they were announced just now.
    pub(crate) async fn retire(&self, redis: &Redis, empty: &[EventId]) -> Result<(), StoreError> {
        if empty.is_empty() {
            return Ok(());
        }
        let mut call = Call { keys: index_keys(redis.prefix()).into(), ..Call::default() };
        for event in empty {
            call.argument(*event.as_uuid().as_bytes());
        }
        self.retire.run::<u32>(redis, &call).await.map_err(write_failed)?;
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.retain(|event, _| !empty.contains(event));
        Ok(())
    }
}
