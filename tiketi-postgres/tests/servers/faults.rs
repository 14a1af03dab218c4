//! Faults under load: no acknowledged command is lost, and none takes partial effect.

use sqlx::Connection;
use sqlx::postgres::PgConnectOptions;
use tiketi_core::{CommandError, StoreErrorKind, store::CatalogStore};
use tiketi_postgres::PostgresStore;
use tiketi_postgres_harness::{Fsync, Pooler, Server};

use crate::cluster::{TestCluster, assert_sound, handles, store};
use crate::trade::{Trade, assert_kept};

const BUYERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_cut_off_at_random_lose_nothing() {
    cut_off_at_random(&TestCluster::of(3).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_cut_off_behind_a_pooler_lose_nothing() {
    let server = Server::shared().await;
    let pooler = Pooler::start(server).await;
    let behind = |options: PgConnectOptions| options.port(pooler.port()).statement_cache_capacity(0);
    cut_off_at_random(&TestCluster::on(server, 3, behind).await).await;
}

async fn cut_off_at_random(cluster: &TestCluster) {
    let hall = cluster.shop.hall().await;
    let trade = Trade::default();
    let cuts = async {
        for _ in 0..20 {
            trade.progress(10).await;
            cluster.database.terminate_backends(3).await;
        }
        trade.progress(50).await;
        trade.end();
    };
    let (owned, ()) = tokio::join!(trade.run(&cluster.shop, &hall, BUYERS), cuts);
    assert_kept(&cluster.stores[0], &owned).await;
    cluster.shop.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_killed_while_selling_has_all_that_was_answered() {
    let server = Server::start(Fsync::On).await;
    let cluster = TestCluster::on(&server, 3, |options| options).await;
    let hall = cluster.shop.hall().await;
    let trade = Trade::default();
    let kills = async {
        for _ in 0..3 {
            trade.progress(60).await;
            server.kill9().await;
            server.restart().await;
        }
        trade.progress(60).await;
        trade.end();
    };
    let (owned, ()) = tokio::join!(trade.run(&cluster.shop, &hall, BUYERS), kills);
    assert_kept(&cluster.stores[0], &owned).await;
    cluster.shop.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restart_while_selling_is_survived() {
    let server = Server::start(Fsync::On).await;
    let cluster = TestCluster::on(&server, 2, |options| options).await;
    let hall = cluster.shop.hall().await;
    let trade = Trade::default();
    let restarts = async {
        trade.progress(60).await;
        server.stop().await;
        server.restart().await;
        trade.progress(60).await;
        trade.end();
    };
    let (owned, ()) = tokio::join!(trade.run(&cluster.shop, &hall, BUYERS), restarts);
    assert_kept(&cluster.stores[0], &owned).await;
    cluster.shop.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_promoted_standby_has_all_that_was_answered() {
    let primary = Server::start(Fsync::On).await;
    let cluster = TestCluster::on(&primary, 2, |options| options).await;
    let hall = cluster.shop.hall().await;
    let standby = primary.standby().await;
    let before = Trade::default();
    let kill = async {
        before.progress(100).await;
        before.end();
    };
    let (owned, ()) = tokio::join!(before.run(&cluster.shop, &hall, BUYERS), kill);
    primary.kill9().await;
    standby.promote().await;
    let moved = store(cluster.database.options().port(standby.port()), 4);
    assert_kept(&moved, &owned).await;
    // The other seats of the hall are sold there.
    let shop = tiketi_conformance::TestShop::seeded(handles(std::slice::from_ref(&moved)), 8).await;
    let free = moved.seat_map(hall.event, 0).await.unwrap().unwrap().seats;
    let free = free.iter().position(|seat| seat.state.owner().is_none()).unwrap();
    shop.held(&hall, shop.buyer(), &[free]).await;
    assert_sound(&moved).await;
}

#[tokio::test]
async fn a_pool_exhausted_by_readers_still_sells() {
    let cluster = TestCluster::of(1).await;
    let hall = cluster.shop.hall().await;
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(std::time::Duration::from_secs(2))
        .connect_lazy_with(cluster.database.options());
    let store = PostgresStore::new(pool.clone());
    let shop = tiketi_conformance::TestShop::seeded(handles(std::slice::from_ref(&store)), 8).await;
    let only = pool.acquire().await.unwrap();
    shop.held(&hall, shop.buyer(), &[0]).await;
    let error = store.event(hall.event).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "there is no connection to be had");
    drop(only);
    store.event(hall.event).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_statement_that_takes_too_long_changes_nothing() {
    let server = Server::shared().await;
    let cluster =
        TestCluster::on(server, 1, |options| options.options([("statement_timeout", "100ms")])).await;
    let hall = cluster.shop.hall().await;
    let mut other = cluster.connect().await;
    let mut lock = other.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM tiketi.events FOR UPDATE").execute(&mut *lock).await.unwrap();
    let hold = cluster.shop.hold_seats(&hall, cluster.shop.buyer(), &[0]);
    let hold = cluster.shop.envelope(hold);
    match cluster.shop.execute(hold.clone()).await {
        Err(CommandError::Store(error)) => assert_eq!(error.kind(), StoreErrorKind::Unavailable),
        other => panic!("the event is locked: {other:?}"),
    }
    lock.rollback().await.unwrap();
    cluster.shop.apply_envelope(hold).await;
    cluster.shop.audit().await;
}

/// Fails if a commit whose answer was lost is treated as rolled back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_of_unknown_outcome() {
    let server = Server::start(Fsync::On).await;
    let cluster = TestCluster::on(&server, 1, |options| options).await;
    let hall = cluster.shop.hall().await;
    // A commit is written, and then waits for a standby that does not exist.
    cluster.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'").await;
    cluster.run("SELECT pg_reload_conf()").await;
    let hold = cluster.shop.hold_seats(&hall, cluster.shop.buyer(), &[0]);
    let hold = cluster.shop.envelope(hold);
    let (shop, sent) = (cluster.shop.clone(), hold.clone());
    let waits = tokio::spawn(async move { shop.execute(sent).await });
    let mut connection = server.connect().await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    while sqlx::query_scalar::<_, i64>(cut).fetch_one(&mut connection).await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    // A store that treats the commit as rolled back would repeat it, and wait for the standby again.
    let answer = tokio::time::timeout(std::time::Duration::from_secs(30), waits).await;
    match answer.expect("the loss is noticed and told").unwrap() {
        Err(CommandError::Store(error)) => assert_eq!(error.kind(), StoreErrorKind::OutcomeUnknown),
        other => panic!("its answer was lost: {other:?}"),
    }
    sqlx::query("ALTER SYSTEM RESET synchronous_standby_names").execute(&mut connection).await.unwrap();
    sqlx::query("SELECT pg_reload_conf()").execute(&mut connection).await.unwrap();
    let again = cluster.shop.execute(hold).await.unwrap();
    assert!(again.replayed, "it was made");
    cluster.shop.audit().await;
}

/// Blocks each commit of a reservation while another session has the advisory lock 22.
const GATE: [&str; 2] = [
    "CREATE FUNCTION public.gate() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$ \
        BEGIN PERFORM pg_advisory_xact_lock_shared(22); RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON tiketi.reservations DEFERRABLE INITIALLY DEFERRED \
        FOR EACH ROW EXECUTE FUNCTION public.gate()",
];
const END_SESSIONS_AT_GATE: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks \
    WHERE locktype = 'advisory' AND objid = 22 AND NOT granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// The database ends a session with FATAL, and it is unknown whether its commit was written.
///
/// Fails if every error of a commit counts as a rollback: the store then repeats the hold, and answers that it is
/// held.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_ended_at_its_commit_is_of_unknown_outcome() {
    let cluster = TestCluster::of(1).await;
    let hall = cluster.shop.hall().await;
    for sql in GATE {
        cluster.run(sql).await;
    }
    let mut gate = cluster.connect().await;
    sqlx::query("SELECT pg_advisory_lock(22)").execute(&mut gate).await.unwrap();
    let hold = cluster.shop.hold_seats(&hall, cluster.shop.buyer(), &[0]);
    let hold = cluster.shop.envelope(hold);
    let (shop, sent) = (cluster.shop.clone(), hold.clone());
    let waits = tokio::spawn(async move { shop.execute(sent).await });
    while sqlx::query_scalar::<_, i64>(END_SESSIONS_AT_GATE).fetch_one(&mut gate).await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    sqlx::query("SELECT pg_advisory_unlock(22)").execute(&mut gate).await.unwrap();
    match waits.await.unwrap() {
        Err(CommandError::Store(error)) => assert_eq!(error.kind(), StoreErrorKind::OutcomeUnknown),
        other => panic!("its session ended: {other:?}"),
    }
    cluster.shop.apply_envelope(hold).await;
    cluster.shop.audit().await;
}
