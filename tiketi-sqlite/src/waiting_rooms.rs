//! The journal of in-memory waiting rooms.

use async_trait::async_trait;
use rusqlite::Connection;
use tiketi_core::StoreError;
use tiketi_core::store::{RoomJournal, RoomRows};
use tiketi_sql::{class_word, place_text, room_text, rooms_with, stored};

use crate::load::all;
use crate::store::SqliteStore;
use crate::write;

#[async_trait]
impl RoomJournal for SqliteStore {
    async fn save_rooms(&self, rows: Vec<RoomRows>) -> Result<(), StoreError> {
        self.write(move |set| rows.iter().try_for_each(|rows| save(set.connection(), rows))).await
    }

    async fn load_rooms(&self) -> Result<Vec<RoomRows>, StoreError> {
        self.read(load).await
    }
}

/// Saves rows, except those that a concurrent call has saved in a later state.
fn save(connection: &Connection, rows: &RoomRows) -> Result<(), StoreError> {
    let (event, version) = (rows.room.event.as_uuid(), stored(rows.room.version));
    let sql = "INSERT INTO waiting_rooms (event, version, state) VALUES (?1, ?2, ?3) \
        ON CONFLICT (event) DO UPDATE SET version = excluded.version, state = excluded.state \
        WHERE excluded.version > waiting_rooms.version";
    write::run(connection, sql, (event, version, room_text(rows)?))?;
    let sql = "INSERT INTO waiting_places (event, class, arrival, version, state) VALUES (?1, ?2, ?3, ?4, ?5) \
        ON CONFLICT (event, class, arrival) DO UPDATE SET version = excluded.version, state = excluded.state \
        WHERE excluded.version > waiting_places.version";
    for ((class, arrival), place) in &rows.places {
        let values = (event, class_word(*class), stored(*arrival), version, place_text(place)?);
        write::run(connection, sql, values)?;
    }
    let sql = "DELETE FROM waiting_places WHERE event = ?1 AND class = ?2 AND arrival <= ?3";
    for (class, deleted) in &rows.deleted {
        write::run(connection, sql, (event, class_word(*class), stored(*deleted)))?;
    }
    Ok(())
}

fn load(connection: &Connection) -> Result<Vec<RoomRows>, StoreError> {
    let sql = "SELECT event, version, state FROM waiting_rooms";
    let rooms = all(connection, sql, (), |row| tiketi_sql::room(row))?;
    let sql = "SELECT event, class, arrival, state FROM waiting_places";
    Ok(rooms_with(rooms, all(connection, sql, (), |row| tiketi_sql::place(row))?))
}
