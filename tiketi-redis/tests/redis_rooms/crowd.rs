//! Buyers of one event, who repeat a command until its outcome is known.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use tiketi_core::decide::waiting_room::{Admission, Admit, Join};
use tiketi_core::store::{Standing, WaitingRoomStore};
use tiketi_core::waiting_room::{RoomMode, RoomPolicy};
use tiketi_core::{BuyerId, CommandError, CommandKey, EventId, StoreError, Timestamp};
use tiketi_redis::{Redis, RedisOptions, RedisWaitingRoom};
use uuid::Uuid;

/// How long a command is repeated before the test fails.
const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) fn event() -> EventId {
    EventId::from_uuid(Uuid::from_u128(3))
}

pub(crate) fn buyer(id: u128) -> BuyerId {
    BuyerId::from_uuid(Uuid::from_u128(id))
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000)
}

pub(crate) fn policy() -> RoomPolicy {
    RoomPolicy::default().mode(RoomMode::On).max_active(1_000_000)
}

pub(crate) fn open(options: &RedisOptions) -> RedisWaitingRoom {
    RedisWaitingRoom::new(Redis::open(options).unwrap())
}

pub(crate) fn open_url(url: &str) -> RedisWaitingRoom {
    open(&url.parse().unwrap())
}

/// Makes the join of a buyer; its request id is the same each time.
pub(crate) fn ask(id: u128) -> Join {
    Join::new(now(), CommandKey::from_uuid(Uuid::from_u128(id + 1_000_000_000)), event(), buyer(id), policy())
}

/// Joins, and repeats the join while its outcome is unknown.
pub(crate) async fn join(rooms: &RedisWaitingRoom, id: u128) -> Standing {
    let joined = again(move || async move {
        rooms.join(ask(id)).await.map_err(|error| match error {
            CommandError::Store(error) => error,
            other => panic!("no refusal was expected: {other:?}"),
        })
    });
    joined.await
}

/// Joins all buyers concurrently, and returns their arrival numbers.
pub(crate) async fn join_all_of(rooms: &RedisWaitingRoom, ids: std::ops::Range<u128>) -> BTreeSet<u64> {
    let count = ids.clone().count();
    let joined = join_all(ids.map(|id| async move { join(rooms, id).await.place.id.arrival })).await;
    let arrivals: BTreeSet<u64> = joined.into_iter().collect();
    assert_eq!(arrivals.len(), count, "no two buyers have one number");
    arrivals
}

/// Runs an admission, and repeats it while its outcome is unknown.
pub(crate) async fn admit(rooms: &RedisWaitingRoom, request: u128) -> Admission {
    let request = CommandKey::from_uuid(Uuid::from_u128(request));
    again(|| rooms.admit(Admit::new(now(), request, event(), policy()))).await
}

/// Repeats a command while its error says that a repetition may succeed.
pub(crate) async fn again<T, F>(ask: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, StoreError>>,
{
    let last = std::sync::Mutex::new(None);
    let repeated = async {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(error) if error.is_retryable() => drop(last.lock().unwrap().replace(error)),
                Err(error) => panic!("{error:?}"),
            }
        }
    };
    let answer = tokio::time::timeout(PATIENCE, repeated).await;
    answer.unwrap_or_else(|_| panic!("the command should succeed at last: {:?}", last.lock().unwrap()))
}
