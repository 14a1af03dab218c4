//! `hold --store sqlite`: compared with a plain loop that makes one transaction for each hold, as most applications
//! write it, and with the same statements executed directly in transactions of 256 holds.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use tiketi_sqlite::MAX_BATCH;

use crate::figures::{Timings, now};
use crate::hall::Hall;
use crate::hold::bare::Bare;
use crate::hold::durable::Rivals;
use crate::shop::{Guard, Shop};

/// SQLite without Tiketi.
pub(crate) struct Sqlite;

impl Rivals for Sqlite {
    const PLAIN_ALONE: &'static str = "one transaction a hold, by hand";
    const PLAIN: &'static str = "the same again";
    const LIMIT: &'static str = "256 holds a transaction, by hand";
    const APART: &'static str = "";

    async fn plain(
        shop: &Shop,
        hall: &Hall,
        _callers: u32,
        time: Duration,
    ) -> Result<Timings, Box<dyn Error>> {
        by_hand(path(shop)?, hall, 1, time)
    }

    async fn apart(_shop: &Shop, _hall: &Hall, _time: Duration) -> Result<Option<Timings>, Box<dyn Error>> {
        Ok(None)
    }

    async fn limit(shop: &Shop, hall: &Hall, time: Duration) -> Result<Timings, Box<dyn Error>> {
        by_hand(path(shop)?, hall, MAX_BATCH, time)
    }
}

fn path(shop: &Shop) -> Result<&Path, Box<dyn Error>> {
    match &shop.guard {
        Guard::Folder(folder) => Ok(folder.path()),
        Guard::Nothing | Guard::Database { .. } => Err("the shop is not in a file".into()),
    }
}

/// Holds seats by executing the store's statements directly, `batch` holds in a transaction; the store itself is
/// idle.
fn by_hand(folder: &Path, hall: &Hall, batch: usize, time: Duration) -> Result<Timings, Box<dyn Error>> {
    let mut bare = Bare::open(&folder.join("bench.db"), hall.event)?;
    let mut timings = Timings::default();
    let started = now();
    for seats in hall.seats.chunks(batch) {
        if started.elapsed() >= time {
            break;
        }
        let before = now();
        bare.hold(seats)?;
        let took = before.elapsed() / u32::try_from(seats.len())?;
        for _ in seats {
            timings.record(took);
        }
    }
    timings.finish(started.elapsed());
    Ok(timings)
}
