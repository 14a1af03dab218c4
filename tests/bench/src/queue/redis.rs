//! `queue --store redis`: on a private Redis server of this run.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tiketi_core::decide::waiting_room::{Admit, MAX_ADMISSION};
use tiketi_core::store::WaitingRoomStore;
use tiketi_core::{CommandKey, Timestamp};
use tiketi_redis::{Redis, RedisWaitingRoom};
use tiketi_redis_harness::Server;
use uuid::Uuid;

use crate::figures::{Timings, median, now, ratio};
use crate::load::{self, More, NO_LIMIT};
use crate::queue::bare::Bare;
use crate::queue::{Line, Options, TURNS, policy};
use crate::way::{Way, print_table};

/// Admissions that are measured.
const ADMISSIONS: u128 = 15;

pub(super) async fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let rooms: Arc<RedisWaitingRoom> = Arc::new(RedisWaitingRoom::new(Redis::open(&server.url().parse()?)?));
    let share = Duration::from_secs(options.seconds) / (TURNS * 3);
    let (mut joins, mut bare) = (Way::new("joins"), Way::new("ZADD and ZRANK"));
    let mut statuses = Way::new("statuses by the serving number");
    for _ in 0..TURNS {
        let line = Line::open(Some(Arc::clone(&rooms) as Arc<dyn WaitingRoomStore>)).await?;
        joins.record(join_for(options.callers, share, line.clone()).await?);
        bare.record(bare_for(options.callers, share, Bare::open(&server.url()).await?).await?);
        let read = move |_| {
            let line = line.clone();
            async move { line.serving().await.map(|()| More::Yes) }
        };
        statuses.record(load::run(options.callers, share, read).await?);
        // The data of one turn must not influence the next one.
        server.ask("FLUSHALL");
    }
    print_table(&[&joins, &bare, &statuses]);
    let (bytes, admit_ms) = fill_and_admit(&server, &rooms, options).await?;
    println!("{:<36}  {bytes:>10}", "bytes for each waiting buyer");
    println!("{:<36}  {:>10.3}", "ms for 1,000 calls", median(&admit_ms));
    let figures = json!({
        "bench": "queue",
        "store": "redis",
        "callers": options.callers,
        "waiting": options.waiting,
        "join_per_second": joins.rate().round(),
        "bare_per_second": bare.rate().round(),
        "status_per_second": statuses.rate().round(),
        "admit_ms": median(&admit_ms),
        "admit_most_ms": admit_ms.iter().copied().fold(0.0, f64::max),
        "ratio_join": ratio(joins.rate(), bare.rate()),
        "ratio_status": ratio(statuses.rate(), joins.rate()),
        "bytes_per_waiter": bytes,
    });
    println!("{figures}");
    Ok(())
}

async fn join_for(callers: u32, time: Duration, line: Line) -> Result<Timings, Box<dyn Error>> {
    let join = move |turn| {
        let line = line.clone();
        async move { line.join(turn).await.map(|()| More::Yes) }
    };
    load::run(callers, time, join).await
}

async fn bare_for(callers: u32, time: Duration, bare: Bare) -> Result<Timings, Box<dyn Error>> {
    let join = move |turn| {
        let bare = bare.clone();
        async move { bare.join(turn).await.map(|()| More::Yes) }
    };
    load::run(callers, time, join).await
}

/// Fills a line, and returns the memory of each waiting buyer and the durations of admissions.
async fn fill_and_admit(
    server: &Server,
    rooms: &Arc<RedisWaitingRoom>,
    options: &Options,
) -> Result<(u64, Vec<f64>), Box<dyn Error>> {
    let line = Line::open(Some(Arc::clone(rooms) as Arc<dyn WaitingRoomStore>)).await?;
    let (event, waiting) = (line.event, usize::try_from(options.waiting)?);
    let before = used_memory(server)?;
    let fill = move |turn| {
        let line = line.clone();
        async move {
            if turn >= waiting {
                return Ok(More::No);
            }
            line.join(turn).await.map(|()| More::Yes)
        }
    };
    load::run(options.callers.max(1_000), NO_LIMIT, fill).await?;
    let bytes = (used_memory(server)? - before) / u64::from(options.waiting);
    let mut times = Vec::new();
    for request in 0..ADMISSIONS {
        let key = CommandKey::from_uuid(Uuid::from_u128(request + 1));
        let mut ask = Admit::new(Timestamp::from_micros(1_900_000_000_000_000), key, event, policy());
        ask.limit = MAX_ADMISSION;
        let started = now();
        let called = rooms.admit(ask).await?.called.len();
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
        if called != usize::try_from(MAX_ADMISSION)? {
            return Err(format!("an admission called {called}").into());
        }
    }
    Ok((bytes, times))
}

fn used_memory(server: &Server) -> Result<u64, Box<dyn Error>> {
    let info = server.ask("INFO memory");
    let used = info.lines().find_map(|line| line.trim().strip_prefix("used_memory:"));
    Ok(used.ok_or("Redis does not say how much memory it uses")?.parse()?)
}
