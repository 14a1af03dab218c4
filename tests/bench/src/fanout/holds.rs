//! Holds at a steady rate, each of another seat by another buyer.

use std::error::Error;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::fanout::process::Server;
use crate::fanout::report::micros_of;
use crate::figures::{Timings, now};

/// Holds a seat every `every`; returns how long each took, and the moment of each by its seat, in microseconds.
///
/// The moment is that of the command, just before its commit.
pub(super) async fn run(
    server: &Server,
    time: Duration,
    every: Duration,
) -> Result<(Timings, Vec<(String, u64)>), Box<dyn Error>> {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (until, mut running) = (Instant::now() + time, Vec::new());
    while Instant::now() < until {
        ticks.tick().await;
        let (seat, request) = server.next_hold()?;
        running.push(tokio::spawn(async move {
            let began = now();
            let answer = request.send().await.and_then(reqwest::Response::error_for_status);
            let answer: Value =
                answer.map_err(|error| error.to_string())?.json().await.map_err(|error| error.to_string())?;
            let took = began.elapsed();
            let made = answer.pointer("/reservation/createdAt").and_then(Value::as_str);
            let moment = made.and_then(micros_of).ok_or_else(|| format!("no moment in {answer}"))?;
            Ok::<_, String>((seat, moment, took))
        }));
    }
    let (mut timings, mut moments) = (Timings::default(), Vec::new());
    for hold in running {
        let (seat, moment, took) = hold.await??;
        timings.record(took);
        moments.push((seat, moment));
    }
    timings.finish(time);
    Ok((timings, moments))
}

/// The body of a hold.
pub(super) fn body(event: &str, seat: &str) -> Value {
    json!({ "eventId": event, "seatIds": [seat] })
}
