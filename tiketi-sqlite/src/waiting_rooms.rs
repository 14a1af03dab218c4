//! The journal of in-memory waiting rooms.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension};
use tiketi_core::lease::LeaseLost;
use tiketi_core::store::{ClaimJournal, JournalLease, JournalTaken, RoomJournal, RoomRows};
use tiketi_core::{CommandError, StoreError, Timestamp};
use tiketi_sql::{class_word, place_text, room_text, rooms_with, stored};

use crate::error::failed;
use crate::load::all;
use crate::store::SqliteStore;
use crate::write;

#[async_trait]
impl RoomJournal for SqliteStore {
    async fn claim(&self, command: ClaimJournal) -> Result<JournalLease, CommandError<JournalTaken>> {
        let claimed = self.write(move |set| claim(set.connection(), &command)).await?;
        claimed.map_err(CommandError::Refused)
    }

    async fn give_up(&self, lease: &JournalLease) -> Result<(), StoreError> {
        let lease = *lease;
        self.write(move |set| {
            let sql = "UPDATE waiting_room_owner SET until = 0 WHERE owner = ?1 AND token = ?2";
            write::run(set.connection(), sql, (lease.owner.as_uuid(), stored(lease.token))).map(drop)
        })
        .await
    }

    async fn save_rooms(&self, token: u64, rows: Vec<RoomRows>) -> Result<(), CommandError<LeaseLost>> {
        let saved = self.write(move |set| {
            let connection = set.connection();
            if !has_token(connection, token)? {
                return Ok(Err(LeaseLost));
            }
            rows.iter().try_for_each(|rows| save(connection, rows)).map(Ok)
        });
        saved.await?.map_err(CommandError::Refused)
    }

    async fn load_rooms(&self) -> Result<Vec<RoomRows>, StoreError> {
        self.read(load).await
    }
}

/// Gives the journal to a process, or returns until when another one has it.
fn claim(
    connection: &Connection,
    command: &ClaimJournal,
) -> Result<Result<JournalLease, JournalTaken>, StoreError> {
    let owner = command.owner.as_uuid();
    let sql = "INSERT INTO waiting_room_owner AS known (only_row, owner, token, until) VALUES (1, ?1, 1, ?3) \
        ON CONFLICT (only_row) DO UPDATE SET owner = excluded.owner, \
            token = known.token + (known.owner <> excluded.owner), \
            until = CASE WHEN known.owner = excluded.owner THEN max(known.until, excluded.until) \
                ELSE excluded.until END \
        WHERE known.owner = excluded.owner OR known.until <= ?2";
    let values = (owner, command.now.as_micros(), command.until().as_micros());
    let is_given = write::run(connection, sql, values)? > 0;
    let sql = "SELECT token, until FROM waiting_room_owner";
    let (token, until): (i64, i64) =
        connection.query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed)?;
    let until = Timestamp::from_micros(until);
    if !is_given {
        return Ok(Err(JournalTaken { until }));
    }
    Ok(Ok(JournalLease { owner: command.owner, token: token.unsigned_abs(), until }))
}

fn has_token(connection: &Connection, token: u64) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM waiting_room_owner WHERE token = ?1";
    let found = connection.query_row(sql, (stored(token),), |_| Ok(())).optional().map_err(failed)?;
    Ok(found.is_some())
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
