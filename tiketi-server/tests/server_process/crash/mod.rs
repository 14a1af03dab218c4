//! A server that is killed many times on one file, with requests under way.

mod ledger;
mod load;

use std::sync::Arc;

use tiketi_server_harness::{Running, SECRET, ServerShop, run};

use crate::crash::ledger::Ledger;

/// How many times the server is killed.
const ROUNDS: u64 = 20;
/// Concurrent clients.
const CLIENTS: u64 = 16;

async fn start(store: &str) -> Arc<Running> {
    // Holds outlast the test, so that every acknowledged reservation still has its status.
    let terms = ["--hold-ttl=2h", "--hold-cap=2h", "--payment-window=2h", "--log=warn"];
    Arc::new(Running::start(&[&["--store", store, "--jwt-secret", SECRET], &terms[..]].concat()).await)
}

/// Random numbers from a seed: each run kills at the same number of answers, and each client makes the same
/// choices.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// The server is killed after a random number of answers, with sixteen requests under way.
///
/// Fails if the writer answers its commands before it commits them, even when the clients ignore the errors that
/// this causes. It cannot find what only a loss of power shows, such as `synchronous=OFF`: what the process has
/// written to the operating system is not lost with the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_was_acknowledged_before_a_crash_is_true_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Arc::new(ServerShop::make(&folder.path().join("shop.db")).await);
    let ledger = Arc::new(Ledger::default());
    let mut chance = Chance::seeded(2_026);
    let mut running = start(&shop.store).await;
    for round in 0..ROUNDS {
        let already = ledger.acknowledged();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let seed = round * CLIENTS + client + 1;
                tokio::spawn(load::buy(seed, Arc::clone(&running), Arc::clone(&shop), Arc::clone(&ledger)))
            })
            .collect();
        ledger.reaches(already + 20 + usize::try_from(chance.below(200)).unwrap()).await;
        running.signal("KILL").await;
        for client in clients {
            client.await.unwrap();
        }
        Arc::into_inner(running).expect("the clients are gone").ended().await;
        running = start(&shop.store).await;
        ledger.check_since(already, &running).await;
        assert_sound(&shop.store, round).await;
    }
    ledger.check_since(0, &running).await;
    assert!(ledger.acknowledged() >= 20 * usize::try_from(ROUNDS).unwrap());
}

async fn assert_sound(store: &str, round: u64) {
    for (command, words) in [("audit", "no violations"), ("check", "is intact")] {
        let said = run(&[command, "--store", store, "--jwt-secret", SECRET]).await;
        assert!(said.code == Some(0) && said.out.contains(words), "after crash {round}: {said:?}");
    }
}
