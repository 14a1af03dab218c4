//! One shop, its buyers and its faults.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use sqlx::{Connection, PgConnection, Row as _};
use tiketi_postgres_harness::{Fsync, Server};
use tiketi_seat_history::{Act, Answer, Seat};
use tiketi_server_harness::{Fleet, Stock};
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use crate::buyer::{Buyer, HOLD_TTL};
use crate::client::Client;
use crate::faults::Faults;
use crate::record::Record;

/// Each seat with its state and the buyer who has it.
const OWNERS: &str = "SELECT s.id, s.state, r.buyer FROM tiketi.seats s \
    LEFT JOIN tiketi.reservations r ON r.id = s.owner AND r.event = s.event";
/// Buyers at the same time.
const BUYERS: u64 = 12;
/// The seats that they want.
const SEATS: usize = 12;
/// A buyer waits this long for an answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// A shop with faults.
pub(crate) struct Round {
    seed: u64,
    fleet: Fleet,
    postgres: Server,
    redis: tiketi_redis_harness::Server,
    record: Arc<Record>,
}

impl Round {
    pub(crate) async fn open(seed: u64) -> Self {
        let postgres = Server::start(Fsync::On).await;
        let redis = tiketi_redis_harness::Server::start();
        let (url, ttl) = (redis.url(), format!("--hold-ttl={}s", HOLD_TTL.as_secs()));
        let holds = [ttl.as_str(), "--hold-cap=3s", "--payment-window=3s", "--sweep-every=500ms"];
        let others = ["--redis", &url, "--request-timeout=3s", "--store-connections=8"];
        let fleet =
            Fleet::open(&postgres, Stock { rows: 1, standing: 1 }, &[&holds[..], &others].concat()).await;
        Self { seed, fleet, postgres, redis, record: Arc::new(Record::new()) }
    }

    /// Sells for so long, and asserts that each answer has an explanation.
    pub(crate) async fn run(mut self, open_for: Duration) {
        let end = Instant::now() + open_for;
        let buyers = self.buyers(end);
        let faults = Faults { fleet: &mut self.fleet, postgres: &self.postgres, redis: &self.redis };
        let struck = faults.strike(self.seed, end).await;
        buyers.join_all().await;
        self.fleet.stop().await;
        self.look_at_the_store().await;
        let counts = self.record.counts();
        println!("seed {}: {counts:?}\n  {struck:?}", self.seed);
        self.record.assert_is_explained();
        assert!(counts.contains_key(&(Act::Hold, Answer::Yes)), "nobody was told yes");
        self.fleet.close().await;
    }

    fn buyers(&self, end: Instant) -> JoinSet<()> {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let number = Arc::new(AtomicU64::new(1));
        let mut buyers = JoinSet::new();
        for at in 0..BUYERS {
            let mut client = Client {
                http: http.clone(),
                addresses: Arc::clone(&self.fleet.addresses),
                record: Arc::clone(&self.record),
                chance: SmallRng::seed_from_u64(self.seed * BUYERS + at),
            };
            let (shop, number) = (Arc::clone(&self.fleet.shop), Arc::clone(&number));
            buyers.spawn(async move {
                while Instant::now() < end {
                    let seat = client.chance.random_range(..SEATS);
                    let number = number.fetch_add(1, Ordering::Relaxed);
                    Buyer { client: &mut client, shop: &shop, number, seat }.visit().await;
                }
            });
        }
        buyers
    }

    /// Records how each seat is in the end.
    async fn look_at_the_store(&self) {
        let mut database = PgConnection::connect_with(&self.fleet.database.options()).await.unwrap();
        let rows = sqlx::query(OWNERS).fetch_all(&mut database).await.unwrap();
        let by_seat: BTreeMap<String, (String, Option<Uuid>)> = rows
            .iter()
            .map(|row| (row.get::<Uuid, _>("id").to_string(), (row.get("state"), row.get("buyer"))))
            .collect();
        for (at, id) in self.fleet.shop.seats.iter().take(SEATS).enumerate() {
            let (state, owner) = &by_seat[id];
            let buyer = owner.map_or(0, |owner| owner.as_u64_pair().1);
            let seat = match state.as_str() {
                "held" => Seat::Held(buyer),
                "sold" => Seat::Sold(buyer),
                _ => Seat::Free,
            };
            self.record.add(at, (0, Act::Look(seat)), self.record.now(), Answer::Yes);
        }
    }
}
