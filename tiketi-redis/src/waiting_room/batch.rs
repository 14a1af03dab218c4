//! Decides commands with the rules of `tiketi-core` on the rows that were read, and writes all changes.

use std::collections::BTreeSet;

use tiketi_core::decide::waiting_room as rules;
use tiketi_core::decide::waiting_room::{PlaceRefused, RoomChange};
use tiketi_core::store::Standing;
use tiketi_core::waiting_room::{Place, Room};
use tiketi_core::{BuyerId, CommandError, CommandKey, EventId, StoreError};

use crate::codec::Pointer;
use crate::connection::Redis;
use crate::waiting_room::ask::{Answer, Ask};
use crate::waiting_room::changes::{Changes, Committed, RowWriter};
use crate::waiting_room::floors::Floors;
use crate::waiting_room::index::RoomIndex;
use crate::waiting_room::rows::{BuyerRows, RowReader, StoredRoom};

/// How many races a batch loses before it asks for the writer's turn.
const PATIENT_RACES: u32 = 2;

/// What all batches of a store share.
#[derive(Debug)]
pub(crate) struct Rooms {
    pub(crate) redis: Redis,
    pub(crate) reader: RowReader,
    pub(crate) index: RoomIndex,
    pub(crate) floors: Floors,
    writer: RowWriter,
}

/// The outcome of one attempt at a batch.
#[derive(Debug)]
pub(crate) enum Attempt {
    Done(Vec<Answer>),
    /// Another writer was first, so the batch must be decided again.
    Lost(Committed),
}

impl Rooms {
    pub(crate) fn new(redis: Redis) -> Self {
        Self {
            redis,
            reader: RowReader::new(),
            index: RoomIndex::new(),
            floors: Floors::default(),
            writer: RowWriter::new(),
        }
    }

    /// Reads, decides and writes once. `lost` is the number of attempts that were lost before.
    pub(crate) async fn attempt(
        &self,
        event: EventId,
        asks: &[&Ask],
        lost: u32,
    ) -> Result<Attempt, StoreError> {
        match asks {
            [Ask::Admit(ask)] => self.admit(ask, lost).await,
            [Ask::Clear { request, .. }] => self.clear(event, *request, lost).await,
            asks => self.serve_buyers(event, asks, lost).await,
        }
    }

    async fn serve_buyers(&self, event: EventId, asks: &[&Ask], lost: u32) -> Result<Attempt, StoreError> {
        let buyers: BTreeSet<BuyerId> = asks.iter().filter_map(|ask| ask.buyer()).collect();
        let buyers: Vec<BuyerId> = buyers.into_iter().collect();
        let rows = self.reader.of_buyers(&self.redis, event, &buyers).await?;
        let room = self.floors.secure(event, rows.stored.as_ref().map(|stored| &stored.room));
        let mut work =
            Work { changes: Changes::new(&room, rows.stored.as_ref()), is_changed: false, rows: &rows };
        let answers = asks.iter().map(|ask| work.decide(ask)).collect::<Result<_, _>>()?;
        // A command that was applied before, by a commit that replicas may not have, is not answered without them.
        let is_confirmed = !self.redis.waits_for_replicas() || rows.stored.is_none();
        if !work.is_changed && is_confirmed {
            return Ok(Attempt::Done(answers));
        }
        self.write(rows.stored.as_ref(), &work.changes, lost, answers).await
    }

    async fn clear(&self, event: EventId, request: CommandKey, lost: u32) -> Result<Attempt, StoreError> {
        let stored = self.reader.room(&self.redis, event).await?;
        let room = stored.map(|stored| stored.room).filter(|room| room.cleared_by != Some(request));
        let Some(room) = room else { return Ok(Attempt::Done(vec![Answer::Cleared(0)])) };
        let live = room.live();
        let mut room = self.floors.secure(event, Some(&room));
        room.clear(request);
        let mut changes = Changes::new(&room, stored.as_ref());
        changes.clears = true;
        self.write(stored.as_ref(), &changes, lost, vec![Answer::Cleared(live)]).await
    }

    /// Writes changes of a room that was stored as `stored`.
    pub(crate) async fn write(
        &self,
        stored: Option<&StoredRoom>,
        changes: &Changes,
        lost: u32,
        answers: Vec<Answer>,
    ) -> Result<Attempt, StoreError> {
        let event = changes.room.event;
        let was_empty = stored.is_none_or(|stored| stored.room.live() == 0);
        if changes.room.live() > 0 && (was_empty || self.index.is_due(event)) {
            // Announced before the room has a live place, so that after a crash no busy room is missing in the
            // index.
            self.index.announce(&self.redis, event).await?;
        }
        let expected = stored.map(|stored| stored.stamp);
        match self.writer.commit(&self.redis, expected, changes, lost >= PATIENT_RACES).await? {
            Committed::Done => {
                self.floors.remember(&changes.room);
                Ok(Attempt::Done(answers))
            }
            lost @ (Committed::Stale | Committed::Turn) => Ok(Attempt::Lost(lost)),
        }
    }
}

/// The commands of a batch that were decided so far, on the rows that were read.
struct Work<'r> {
    changes: Changes,
    is_changed: bool,
    rows: &'r BuyerRows,
}

impl Work<'_> {
    fn room(&self) -> &Room {
        &self.changes.room
    }

    /// Returns the buyer's latest place, after the commands decided so far.
    fn place_of(&self, buyer: BuyerId) -> Option<&Place> {
        let pointer = self.changes.pointer(buyer).or_else(|| self.rows.pointers.get(&buyer).copied())?;
        self.place(pointer)
    }

    fn place(&self, pointer: Pointer) -> Option<&Place> {
        self.changes.place(pointer).or_else(|| self.rows.places.get(&pointer))
    }

    fn decide(&mut self, ask: &Ask) -> Result<Answer, StoreError> {
        match ask {
            Ask::Join(ask) => {
                let decided = rules::join(self.room(), self.place_of(ask.buyer), ask);
                Ok(Answer::Joined(decided.map(|change| self.apply(&change))))
            }
            Ask::Enter(ask) => {
                let decided = rules::enter(self.room(), self.place_of(ask.buyer), ask);
                Ok(Answer::Stood(self.stand(decided)))
            }
            Ask::Prove(ask) => {
                let decided = rules::prove(self.room(), self.place_of(ask.buyer), ask);
                Ok(Answer::Stood(self.stand(decided)))
            }
            Ask::Heartbeat(ask) => {
                let decided = rules::heartbeat(self.room(), self.place_of(ask.buyer), ask);
                Ok(Answer::Stood(self.stand(decided)))
            }
            Ask::Leave(ask) => {
                let decided = rules::leave(self.room(), self.place_of(ask.buyer), ask);
                Ok(Answer::Ended(Ok(decided.map(|change| self.apply(&change)))))
            }
            Ask::Finish(ask) => {
                let decided = rules::finish(self.room(), self.place_of(ask.buyer), ask);
                Ok(Answer::Ended(Ok(decided.map(|change| self.apply(&change)))))
            }
            Ask::Admit(_) | Ask::Clear { .. } => Err(StoreError::new(
                tiketi_core::StoreErrorKind::Internal,
                "a command about the whole line is decided alone",
            )),
        }
    }

    fn stand(
        &mut self,
        decided: Result<RoomChange, CommandError<PlaceRefused>>,
    ) -> Result<Standing, CommandError<PlaceRefused>> {
        decided.map(|change| self.apply(&change))
    }

    fn apply(&mut self, change: &RoomChange) -> Standing {
        if change.changed {
            self.is_changed = true;
            let places = &self.rows.places;
            self.changes.apply(change, |pointer| places.get(&pointer));
        }
        Standing { place: change.place, room: self.changes.room, replayed: !change.changed }
    }
}
