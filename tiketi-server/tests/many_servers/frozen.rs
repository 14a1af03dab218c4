//! A server that hangs in the middle of a batch while it holds the event's row lock.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Postgres, Transaction};
use tiketi_postgres_harness::Server;
use tiketi_server_harness::{DEADLINE, Fleet, Sender, Stock, token};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::{PATIENT, TURN};

/// Events that another session keeps locked during the test; more than all servers have writers.
const LOCKED: i32 = 16;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// Blocks each insert of a reservation while another session has the advisory lock 77.
const GATE: &str = "CREATE FUNCTION public.gate() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$ \
    BEGIN PERFORM pg_advisory_lock_shared(77); PERFORM pg_advisory_unlock_shared(77); RETURN NULL; END $$; \
    CREATE TRIGGER gate AFTER INSERT ON tiketi.reservations FOR EACH STATEMENT EXECUTE FUNCTION public.gate()";
const IS_AT_GATE: &str = "SELECT count(*) > 0 FROM pg_locks \
    WHERE locktype = 'advisory' AND objid = 77 AND NOT granted";
/// It stays true, unlike the state of the session: Postgres ends that after five seconds, which a slow test would miss.
const IS_PAST_GATE: &str = "SELECT count(*) = 0 FROM pg_locks \
    WHERE locktype = 'advisory' AND objid = 77 AND NOT granted";
/// Copies of the event, each with a hold that ended long ago.
const COPY_EVENTS: &str = "INSERT INTO tiketi.events SELECT (jsonb_populate_record(event, jsonb_build_object('id', \
        gen_random_uuid()))).* FROM tiketi.events AS event, generate_series(1, $1)";
const COPY_HOLDS: &str = "INSERT INTO tiketi.reservations SELECT (jsonb_populate_record(held, jsonb_build_object( \
        'event', event.id, 'id', gen_random_uuid(), 'buyer', gen_random_uuid(), 'state_at', 0))).* \
    FROM tiketi.reservations AS held, tiketi.events AS event WHERE event.id <> held.event";

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

async fn until(connection: &mut PgConnection, sql: &'static str) {
    let holds = async {
        while !sqlx::query_scalar::<_, bool>(sql).fetch_one(&mut *connection).await.unwrap() {
            sleep(BETWEEN_TRIES).await;
        }
    };
    timeout(DEADLINE, holds).await.unwrap_or_else(|_| panic!("never: {sql}"));
}

/// Creates copies of the event and locks them in the same transaction, so that no server sees an unlocked copy.
async fn lock_copies(connection: &mut PgConnection, event: Uuid) -> Transaction<'_, Postgres> {
    sqlx::query(COPY_EVENTS).bind(LOCKED).execute(&mut *connection).await.unwrap();
    let mut locked = connection.begin().await.unwrap();
    let lock = sqlx::query("SELECT 1 FROM tiketi.events WHERE id <> $1 FOR UPDATE").bind(event);
    lock.execute(&mut *locked).await.unwrap();
    locked
}

/// Asks for a seat, again after each 503.
async fn hold(server: Sender, event: String, seat: String, buyer: u64) -> (u16, Value) {
    let (token, body) =
        (token(Uuid::from_u64_pair(9, buyer)), json!({ "eventId": event, "seatIds": [seat] }));
    loop {
        match server.post("/api/seats/reserve", &token, &body).await.unwrap() {
            (503, _) => sleep(BETWEEN_TRIES).await,
            answer => return answer,
        }
    }
}

/// Fails if a server that hangs keeps its event locked, or later writes what it decided before it hung. Also fails
/// if events that are locked elsewhere delay the commands of another event.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_frozen_in_a_batch_is_cut_off_beside_sixteen_locked_events() {
    let _turn = TURN.lock().await;
    let fleet = Fleet::open(Server::shared().await, Stock { rows: 1, standing: 1 }, &PATIENT).await;
    let shop = &fleet.shop;
    let asks = |at: usize, seat: usize, buyer: u64| {
        hold(fleet.server(at).sender(), shop.event.clone(), shop.seats[seat].clone(), buyer)
    };
    assert_eq!(asks(1, 1, 1).await.0, 201);

    let options = fleet.database.options();
    let [mut gate, mut others, mut looking] =
        futures::future::try_join_all((0..3).map(|_| PgConnection::connect_with(&options)))
            .await
            .unwrap()
            .try_into()
            .unwrap();
    let mut locked = lock_copies(&mut others, shop.event.parse().unwrap()).await;
    sqlx::query(COPY_HOLDS).execute(&mut looking).await.unwrap();
    run(&mut looking, GATE).await;

    run(&mut gate, "SELECT pg_advisory_lock(77)").await;
    let stopped = tokio::spawn(asks(0, 0, 2));
    until(&mut looking, IS_AT_GATE).await;
    fleet.server(0).signal("STOP").await;
    run(&mut gate, "SELECT pg_advisory_unlock(77)").await;
    until(&mut looking, IS_PAST_GATE).await;

    let next = timeout(DEADLINE, asks(1, 0, 3)).await.expect("the database cuts off who stands still");
    assert_eq!(next.0, 201, "{next:?}");
    fleet.server(0).signal("CONT").await;
    let (status, said) = timeout(DEADLINE, stopped).await.expect("it goes on").unwrap();
    assert_eq!((status, &said["code"]), (409, &json!("SEATS_TAKEN")), "{said}");
    let after = timeout(DEADLINE, asks(0, 2, 4)).await.expect("it sells again");
    assert_eq!(after.0, 201, "{after:?}");

    for copies in
        ["DELETE FROM tiketi.reservations WHERE event <> $1", "DELETE FROM tiketi.events WHERE id <> $1"]
    {
        let event: Uuid = shop.event.parse().unwrap();
        sqlx::query(copies).bind(event).execute(&mut *locked).await.unwrap();
    }
    locked.commit().await.unwrap();
    fleet.close().await;
}
