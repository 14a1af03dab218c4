//! `serve`: from binding the address to the last finished request.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tiketi_core::account::Role;
use tiketi_http::{AppState, EnsureAccountError, NewAccount};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::background_jobs::{self, BackgroundJobs};
use crate::connections::Connections;
use crate::failure::Failure;
use crate::output::print_line;
use crate::settings::{Admin, Settings};
use crate::shop::Shop;
use crate::shutdown::StopSignals;
use crate::{demo, mail, metrics, secrets, sockets};

/// Longest wait for work that outlives its request, after the requests.
const DRAIN_TASKS: Duration = Duration::from_secs(8);
/// Longest wait for sockets to end, after the requests.
const CLOSE_SOCKETS: Duration = Duration::from_secs(3);
/// Longest wait for the store's connections to close, at the end.
const CLOSE_STORE: Duration = Duration::from_secs(1);
/// Letters of a generated password: 100 bits.
const GENERATED_PASSWORD_LETTERS: usize = 20;

/// Serves until a signal to stop.
pub(crate) async fn run(settings: &Settings) -> Result<(), Failure> {
    let signals = StopSignals::listen()?;
    secrets::require(settings)?;
    let listener = bind(&settings.listen).await?;
    let (shop, secret) = Shop::open_to_serve(settings).await?;
    let sender = shop.mail_sender(settings, &secret);
    let state = shop.state(settings, secret)?;
    prepare(settings, &shop, &state).await?;

    let cancellation = CancellationToken::new();
    let jobs = BackgroundJobs::start(&shop.box_office, &state, settings.jobs, cancellation.clone());
    if let Some(sender) = sender {
        jobs.tasks().spawn(mail::send_until(sender, cancellation.clone()));
    }
    announce(&listener, settings.web.has_pages())?;
    let routes = metrics::add(
        tiketi_http::router(state.clone()),
        Arc::clone(&shop.metrics),
        (shop.box_office.clone(), shop.database().cloned(), state.clone()),
    );
    let closing = sockets::close_with(cancellation.clone(), state.clone());
    // The order of the end: requests and sockets, then what outlives them, then the jobs, and last the store that all write to.
    let proxies = settings.guards.proxies().clone();
    let routes = settings.web.add_pages(routes, settings.time_zone, &proxies)?;
    let routes = settings.web.add(routes, &proxies);
    let connections =
        Connections::new(routes, &settings.connections, proxies, shop.metrics.connections().clone());
    let stopping =
        tokio::spawn(stop(signals, state.clone(), settings.connections.grace, cancellation.clone()));
    connections.serve(listener, &cancellation).await;
    stopping.abort();
    if timeout(CLOSE_SOCKETS, closing).await.is_err() {
        tracing::warn!(sockets = state.socket_count(), after = ?CLOSE_SOCKETS, "sockets did not end in time");
    }
    finish("work that outlives its request", state.tasks()).await;
    finish("background jobs", jobs.tasks()).await;
    if !matches!(timeout(CLOSE_STORE, state.save_views_once()).await, Ok(Ok(_))) {
        tracing::warn!("the last views of news were not saved");
    }
    if timeout(CLOSE_STORE, shop.close()).await.is_err() {
        tracing::warn!(after = ?CLOSE_STORE, "the store's connections did not close in time");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Prepares what must exist before the first request.
async fn prepare(settings: &Settings, shop: &Shop, state: &AppState) -> Result<(), Failure> {
    if settings.store.is_durable() {
        tracing::info!(store = %settings.store, "the store is open");
    } else {
        tracing::warn!("the store is memory; all data is lost when the server stops");
    }
    if settings.waiting.divide_servers(&settings.store) {
        tracing::warn!("without --redis, each server has its own waiting rooms, which end with it");
    }
    background_jobs::compare_clock(shop.box_office.clone())
        .await
        .map_err(|error| Failure::during("cannot compare the clock with the store's", &error))?;
    if settings.toss.is_some() {
        tracing::info!("buyers pay at TossPayments");
        if settings.test_gateway {
            tracing::warn!("the built-in payment methods are offered too; they move no money");
        }
    }
    if let Some(admin) = &settings.admin {
        ensure_admin(state, admin).await?;
    }
    if settings.demo {
        demo::open(&shop.demo_box_office, state).await?;
    }
    // After the demo, whose buyers get no mail, and before the first sale.
    let subscribed = shop.box_office.jobs().subscribe_once().await;
    subscribed.map_err(|error| Failure::during("cannot register the subscribers", &error))?;
    Ok(())
}

async fn bind(address: &str) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            let advice = "stop the other server, or choose another --listen";
            Failure::new(format!("cannot listen on {address}: the address is in use; {advice}"))
        }
        _ => Failure::during(format!("cannot listen on {address}"), &error),
    })
}

/// Prints the bound address for programs, and logs for people what to open.
fn announce(listener: &TcpListener, has_pages: bool) -> Result<(), Failure> {
    let address = listener.local_addr();
    let address = address.map_err(|error| Failure::during("cannot read the bound address", &error))?;
    print_line(&format!("listening on http://{address}"))?;
    // A server that listens on all addresses is opened here at that of the machine itself.
    let host = if address.ip().is_unspecified() { "localhost".to_owned() } else { address.ip().to_string() };
    let host = if address.is_ipv6() && host.contains(':') { format!("[{host}]") } else { host };
    let page = if has_pages { "" } else { "api/docs/" };
    tracing::info!("open http://{host}:{}/{page} in a browser", address.port());
    Ok(())
}

/// Creates the first administrator; a generated password is shown once.
async fn ensure_admin(state: &AppState, admin: &Admin) -> Result<(), Failure> {
    let (password, generated) = if let Some(given) = &admin.password {
        (given.clone(), None)
    } else {
        let generated = secrets::generate(GENERATED_PASSWORD_LETTERS)?;
        (generated.clone(), Some(generated))
    };
    let (email, name) = (admin.email.to_string(), "Administrator".to_owned());
    let ensured = state.ensure_account(NewAccount::new(email, password, name, Role::Admin)).await;
    let is_new = ensured.map_err(|error| match error {
        EnsureAccountError::PasswordLength { .. } | EnsureAccountError::PasswordCommon => {
            Failure::new(format!("--admin-password: {error}"))
        }
        error => Failure::during("cannot create the administrator's account", &error),
    })?;
    if let (true, Some(generated)) = (is_new, generated) {
        // Not through the log: others may read it.
        eprintln!("the password of {} is {} (not shown again)", admin.email, generated.expose_secret());
    }
    Ok(())
}

/// Waits for a signal to stop. From then on the server is not ready, and serves until the end of the grace.
async fn stop(signals: StopSignals, state: AppState, grace: Duration, cancellation: CancellationToken) {
    signals.wait().await;
    state.stop_being_ready();
    sleep(grace).await;
    cancellation.cancel();
}

async fn finish(what: &str, tasks: &TaskTracker) {
    tasks.close();
    if timeout(DRAIN_TASKS, tasks.wait()).await.is_err() {
        tracing::error!(what, tasks = tasks.len(), after = ?DRAIN_TASKS, "tasks did not finish in time");
    }
}
