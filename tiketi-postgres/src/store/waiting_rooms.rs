//! The journal of in-memory waiting rooms.

use async_trait::async_trait;
use tiketi_core::lease::LeaseLost;
use tiketi_core::store::{ClaimJournal, JournalLease, JournalTaken, RoomJournal, RoomRows};
use tiketi_core::{CommandError, StoreError, Timestamp};
use tiketi_sql::{Row as _, class_word, place_text, room_text, rooms_with, stored};
use uuid::Uuid;

use crate::sql::row::{Row, each};
use crate::store::PostgresStore;

/// Gives the journal to a server; no row if another one has it.
const CLAIM: &str = "INSERT INTO tiketi.waiting_room_owner AS known (only_row, owner, token, until) \
    VALUES (true, $1, 1, $3) \
    ON CONFLICT (only_row) DO UPDATE SET owner = excluded.owner, \
        token = known.token + CASE WHEN known.owner = excluded.owner THEN 0 ELSE 1 END, \
        until = CASE WHEN known.owner = excluded.owner THEN greatest(known.until, excluded.until) \
            ELSE excluded.until END \
    WHERE known.owner = excluded.owner OR known.until <= $2 \
    RETURNING token, until";
const OWNER: &str = "SELECT token, until FROM tiketi.waiting_room_owner";
const GIVE_UP: &str = "UPDATE tiketi.waiting_room_owner SET until = 0 WHERE owner = $1 AND token = $2";
/// Saves rows in one statement, except those that a concurrent call has saved in a later state.
///
/// Saves share the lock of the owner's row; the claim of another server waits for them, and they wait for it. Deleted
/// places have lower arrival numbers than saved ones.
const SAVE: &str = "WITH held AS MATERIALIZED ( \
        SELECT token FROM tiketi.waiting_room_owner WHERE token = $12 FOR SHARE \
    ), rooms AS ( \
        INSERT INTO tiketi.waiting_rooms AS known (event, version, state) \
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS new (event, version, state) \
        WHERE EXISTS (SELECT FROM held) ORDER BY event \
        ON CONFLICT (event) DO UPDATE SET version = excluded.version, state = excluded.state \
        WHERE excluded.version > known.version \
    ), places AS ( \
        INSERT INTO tiketi.waiting_places AS known (event, class, arrival, version, state) \
        SELECT * FROM unnest($4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::text[]) \
            AS new (event, class, arrival, version, state) \
        WHERE EXISTS (SELECT FROM held) ORDER BY event, class, arrival \
        ON CONFLICT (event, class, arrival) DO UPDATE SET version = excluded.version, state = excluded.state \
        WHERE excluded.version > known.version \
    ), gone AS ( \
        DELETE FROM tiketi.waiting_places AS place \
        USING unnest($9::uuid[], $10::text[], $11::bigint[]) AS gone (event, class, arrival) \
        WHERE place.event = gone.event AND place.class = gone.class AND place.arrival <= gone.arrival \
            AND EXISTS (SELECT FROM held) \
    ) \
    SELECT token FROM held";
const ROOMS: &str = "SELECT event, version, state FROM tiketi.waiting_rooms";
const PLACES: &str = "SELECT event, class, arrival, state FROM tiketi.waiting_places";

/// Rows of one save, column by column.
#[derive(Default)]
struct Columns {
    rooms: Rooms,
    places: Places,
    gone: Gone,
}

#[derive(Default)]
struct Rooms {
    event: Vec<Uuid>,
    version: Vec<i64>,
    state: Vec<String>,
}

#[derive(Default)]
struct Places {
    event: Vec<Uuid>,
    class: Vec<&'static str>,
    arrival: Vec<i64>,
    version: Vec<i64>,
    state: Vec<String>,
}

#[derive(Default)]
struct Gone {
    event: Vec<Uuid>,
    class: Vec<&'static str>,
    arrival: Vec<i64>,
}

impl Columns {
    fn of(all: &[RoomRows]) -> Result<Self, StoreError> {
        let Self { mut rooms, mut places, mut gone } = Self::default();
        for rows in all {
            let (event, version) = (rows.room.event.as_uuid(), stored(rows.room.version));
            rooms.event.push(event);
            rooms.version.push(version);
            rooms.state.push(room_text(rows)?);
            for ((class, arrival), place) in &rows.places {
                places.event.push(event);
                places.class.push(class_word(*class));
                places.arrival.push(stored(*arrival));
                places.version.push(version);
                places.state.push(place_text(place)?);
            }
            for (class, arrival) in &rows.deleted {
                gone.event.push(event);
                gone.class.push(class_word(*class));
                gone.arrival.push(stored(*arrival));
            }
        }
        Ok(Self { rooms, places, gone })
    }
}

fn token_and_end(row: &Row<'_>) -> Result<(u64, Timestamp), StoreError> {
    let (token, until) = (row.int("token")?, row.int("until")?);
    Ok((token.unsigned_abs(), Timestamp::from_micros(until)))
}

#[async_trait]
impl RoomJournal for PostgresStore {
    async fn claim(&self, command: ClaimJournal) -> Result<JournalLease, CommandError<JournalTaken>> {
        let (owner, until) = (command.owner, command.until().as_micros());
        let claim = || self.query(CLAIM).bind(owner.as_uuid()).bind(command.now.as_micros()).bind(until);
        if let Some(row) = self.write_returning(claim).await?.first() {
            let (token, until) = token_and_end(&Row::of(row))?;
            return Ok(JournalLease { owner, token, until });
        }
        let rows = self.database().fetch_all(self.query(OWNER)).await?;
        let until = match rows.first() {
            Some(row) => token_and_end(&Row::of(row))?.1,
            None => command.now,
        };
        Err(CommandError::Refused(JournalTaken { until }))
    }

    async fn give_up(&self, lease: &JournalLease) -> Result<(), StoreError> {
        let give_up = || self.query(GIVE_UP).bind(lease.owner.as_uuid()).bind(stored(lease.token));
        self.write(give_up).await.map(drop)
    }

    async fn save_rooms(&self, token: u64, rows: Vec<RoomRows>) -> Result<(), CommandError<LeaseLost>> {
        let columns = Columns::of(&rows)?;
        let save = || {
            let Columns { rooms, places, gone } = &columns;
            let query = self.query(SAVE).bind(&rooms.event).bind(&rooms.version).bind(&rooms.state);
            let query = query.bind(&places.event).bind(&places.class).bind(&places.arrival);
            let query = query.bind(&places.version).bind(&places.state);
            query.bind(&gone.event).bind(&gone.class).bind(&gone.arrival).bind(stored(token))
        };
        if self.write_returning(save).await?.is_empty() {
            return Err(CommandError::Refused(LeaseLost));
        }
        Ok(())
    }

    async fn load_rooms(&self) -> Result<Vec<RoomRows>, StoreError> {
        let found = self.database().fetch_all(self.query(ROOMS)).await?;
        let rooms = each(&found, |row| tiketi_sql::room(row))?;
        let found = self.database().fetch_all(self.query(PLACES)).await?;
        Ok(rooms_with(rooms, each(&found, |row| tiketi_sql::place(row))?))
    }
}
