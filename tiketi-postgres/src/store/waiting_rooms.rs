//! The journal of in-memory waiting rooms.

use async_trait::async_trait;
use tiketi_core::StoreError;
use tiketi_core::store::{RoomJournal, RoomRows};
use tiketi_sql::{class_word, place_text, room_text, rooms_with, stored};
use uuid::Uuid;

use crate::sql::row::each;
use crate::store::PostgresStore;

/// Saves rows in one statement, except those that a concurrent call has saved in a later state.
///
/// Deleted places have lower arrival numbers than saved ones.
const SAVE: &str = "WITH rooms AS ( \
        INSERT INTO tiketi.waiting_rooms AS known (event, version, state) \
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS new (event, version, state) ORDER BY event \
        ON CONFLICT (event) DO UPDATE SET version = excluded.version, state = excluded.state \
        WHERE excluded.version > known.version \
    ), places AS ( \
        INSERT INTO tiketi.waiting_places AS known (event, class, arrival, version, state) \
        SELECT * FROM unnest($4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::text[]) \
            AS new (event, class, arrival, version, state) ORDER BY event, class, arrival \
        ON CONFLICT (event, class, arrival) DO UPDATE SET version = excluded.version, state = excluded.state \
        WHERE excluded.version > known.version \
    ) \
    DELETE FROM tiketi.waiting_places AS place \
    USING unnest($9::uuid[], $10::text[], $11::bigint[]) AS gone (event, class, arrival) \
    WHERE place.event = gone.event AND place.class = gone.class AND place.arrival <= gone.arrival";
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

#[async_trait]
impl RoomJournal for PostgresStore {
    async fn save_rooms(&self, rows: Vec<RoomRows>) -> Result<(), StoreError> {
        let columns = Columns::of(&rows)?;
        let save = || {
            let Columns { rooms, places, gone } = &columns;
            let query = self.query(SAVE).bind(&rooms.event).bind(&rooms.version).bind(&rooms.state);
            let query = query.bind(&places.event).bind(&places.class).bind(&places.arrival);
            let query = query.bind(&places.version).bind(&places.state);
            query.bind(&gone.event).bind(&gone.class).bind(&gone.arrival)
        };
        self.write(save).await?;
        Ok(())
    }

    async fn load_rooms(&self) -> Result<Vec<RoomRows>, StoreError> {
        let found = self.database().fetch_all(self.query(ROOMS)).await?;
        let rooms = each(&found, |row| tiketi_sql::room(row))?;
        let found = self.database().fetch_all(self.query(PLACES)).await?;
        Ok(rooms_with(rooms, each(&found, |row| tiketi_sql::place(row))?))
    }
}
