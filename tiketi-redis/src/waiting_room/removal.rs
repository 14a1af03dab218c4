//! Removes a room with all its keys.

use tiketi_core::waiting_room::PlaceClass;
use tiketi_core::{EventId, StoreError};

use crate::error::write_failed;
use crate::keys::{RoomKeys, block_of};
use crate::waiting_room::batch::Rooms;

/// Most keys that one command deletes.
const KEYS_AT_ONCE: usize = 512;

impl Rooms {
    /// Deletes every key of a room, and what this process remembers of it.
    pub(crate) async fn remove(&self, event: EventId) -> Result<(), StoreError> {
        let keys = RoomKeys::new(self.redis.prefix(), event);
        let stored = self.reader.room(&self.redis, event).await?;
        // The blocks first: the room's row says which there are, should this be interrupted.
        let mut names: Vec<Vec<u8>> = Vec::new();
        for class in PlaceClass::ALL {
            let arrivals = stored.map_or(0, |stored| stored.room.line(class).arrivals);
            if arrivals > 0 {
                let (_, last) = block_of((class, arrivals)).0;
                names.extend((0..=last).map(|block| keys.block((class, block))));
            }
        }
        names.extend([keys.buyers(), keys.due(), keys.admissions(), keys.turn(), keys.room()]);
        for names in names.chunks(KEYS_AT_ONCE) {
            let mut unlink = redis::cmd("UNLINK");
            unlink.arg(names);
            self.redis.run::<u64>(&unlink).await.map_err(write_failed)?;
        }
        self.floors.forget(event);
        self.index.remove(&self.redis, event).await
    }
}
