//! Two servers on one Postgres, of which one has a clock that is 301 seconds ahead.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;
use tiketi_core::clock::SystemClock;
use tiketi_core::{BoxOffice, Clock, StoreErrorKind, Timestamp};
use tiketi_http::{AppState, SignIn, TokenSecret, router};
use tiketi_postgres::PostgresStore;
use tiketi_postgres_harness::{Database, Server};
use tiketi_server_harness::{Running, SECRET, migrate};

/// One second more than the duration of a hold.
const AHEAD: Duration = Duration::from_secs(301);

#[derive(Debug)]
struct AheadClock;

impl Clock for AheadClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().after(AHEAD)
    }
}

/// A server in this process with a clock that is ahead.
///
/// It is not a separate process: a tool that changes the clock of a process delays the timers of that process as
/// well.
struct AheadServer {
    state: AppState,
    base: String,
}

impl AheadServer {
    async fn start(database: &Database) -> Self {
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy_with(database.options());
        let store = Arc::new(PostgresStore::new(pool));
        let clock = Arc::new(AheadClock);
        let shop = BoxOffice::builder().store(store.clone()).clock(clock.clone()).build().unwrap();
        let secret = TokenSecret::new(SECRET).unwrap();
        let state = AppState::builder(shop, store.clone(), store.clone(), SignIn::Accounts { store, secret });
        let state = state.clock(clock).build().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, router(state.clone())).into_future());
        Self { state, base }
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.answer(reqwest::Client::new().get(format!("{}{path}", self.base))).await
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let request = reqwest::Client::new().post(format!("{}{path}", self.base));
        self.answer(request.bearer_auth(token).json(body)).await
    }
}

/// Fails without `check_clock` in the store: the jobs of the server that is ahead then end the hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_clock_is_ahead_is_not_ready_and_ends_no_hold_of_another() {
    let database = Database::fresh(Server::shared().await, migrate).await;
    let shop = ["--demo", "--store", &database.url(), "--jwt-secret", SECRET];
    let right = Running::start(&shop).await;
    let token = right.sign_in("demo@tiketi.dev", "demo1234").await;
    let (_, events) = right.get("/api/events?status=on_sale&search=paper+lighthouse", None).await;
    let event = events["data"][0]["id"].as_str().unwrap().to_owned();
    let (_, map) = right.get(&format!("/api/seats/{event}"), None).await;
    let seats = map["seats"].as_array().unwrap().iter().filter(|seat| seat["status"] == "available");
    let seats: Vec<_> = seats.map(|seat| seat["id"].clone()).take(2).collect();
    let ask = |seat: usize| json!({ "eventId": event, "seatIds": [seats[seat]] });
    let (status, held) = right.post("/api/seats/reserve", Some(&token), &ask(0)).await;
    assert_eq!(status, 201, "{held}");

    let wrong = AheadServer::start(&database).await;
    let (status, told) = wrong.get("/health/ready").await;
    assert_eq!(status, 503, "{told}");
    let clock = told["details"]["checks"]["clock"].as_str().unwrap();
    assert!(clock.ends_with("s ahead of the store's"), "{clock}");
    assert_eq!(right.get("/health/ready", None).await.0, 200);
    let (status, refused) = wrong.post("/api/seats/reserve", &token, &ask(1)).await;
    assert_eq!((status, refused["code"].as_str()), (503, Some("SERVICE_UNAVAILABLE")), "{refused}");
    let report = wrong.state.run_jobs_once().await;
    let refusals = report.runs.iter().flat_map(|run| &run.skipped);
    let refusals = refusals.filter(|(_, error)| error.kind() == StoreErrorKind::ClockAhead).count();
    assert_eq!(refusals, 1, "its sweep is refused: {report:?}");

    let path = format!("/api/reservations/{}", held["reservation"]["id"].as_str().unwrap());
    let (_, still) = right.get(&path, Some(&token)).await;
    assert_eq!(still["reservation"]["status"], "pending", "{still}");
    assert_eq!(right.stop().await.code, Some(0));
}
