//! Reservations of single seats: over HTTP, and by the library on the same kind of store.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use crate::figures::Timings;
use crate::hall::{Hall, buyer};
use crate::http::client;
use crate::http::cores;
use crate::http::server::{SECRET, Server};
use crate::load::{self, More};
use crate::shop::{Shop, Store};

/// The end of every token, in seconds since 1970: the year 2100.
const FAR: u64 = 4_102_444_800;

/// Reserves seats of the server's hall from many connections.
pub(super) async fn over_http(
    server: &Server,
    callers: u32,
    time: Duration,
) -> Result<Timings, Box<dyn Error>> {
    let hall = server.halls.first().ok_or("the server has no hall")?;
    let mut of_connections: Vec<Vec<Vec<u8>>> = (0..callers).map(|_| Vec::new()).collect();
    let connections = of_connections.len();
    for turn in 0..hall.seats.len() {
        if let Some(requests) = of_connections.get_mut(turn % connections) {
            requests.push(request(server, hall, turn)?);
        }
    }
    let requests = of_connections.into_iter().map(Vec::into_iter);
    client::run_each(server.address.clone(), requests, time, &[201]).await
}

/// Writes the request of a turn: its buyer reserves its seat.
fn request(server: &Server, hall: &Hall, turn: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let user = buyer(turn).as_uuid();
    let claims = json!({
        "userId": user, "email": format!("{user}@bench.example"), "role": "user", "iat": 1_700_000_000, "exp": FAR,
    });
    let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes()))?;
    let seat = hall.seats.get(turn).ok_or("there is no such seat")?.as_uuid();
    let body = json!({ "eventId": hall.event.as_uuid(), "seatIds": [seat] }).to_string();
    let head = format!(
        "POST /api/seats/reserve HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        server.address,
        body.len(),
    );
    Ok([head.as_bytes(), body.as_bytes()].concat())
}

/// Holds seats by the library, on the core that the server has.
pub(super) async fn by_library(
    store: Store,
    seats: u32,
    callers: u32,
    time: Duration,
) -> Result<Timings, Box<dyn Error>> {
    let measured = std::thread::spawn(move || {
        let measure = || -> Result<Timings, Box<dyn Error>> {
            cores::run_on(cores::OF_SERVER)?;
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
            runtime.block_on(hold(store, seats, callers, time))
        };
        measure().map_err(|error| error.to_string())
    });
    let measured = tokio::task::spawn_blocking(move || measured.join()).await?;
    Ok(measured.map_err(|_| "the library's holds ended early")??)
}

async fn hold(store: Store, seats: u32, callers: u32, time: Duration) -> Result<Timings, Box<dyn Error>> {
    let shop = Shop::open(store).await?;
    let hall = Arc::new(Hall::open(&shop.box_office, seats).await?);
    let box_office = shop.box_office.clone();
    load::run(callers, time, move |turn| {
        let (box_office, hall) = (box_office.clone(), Arc::clone(&hall));
        async move { Ok(hall.hold(&box_office, turn).await?.map_or(More::No, |_| More::Yes)) }
    })
    .await
}
