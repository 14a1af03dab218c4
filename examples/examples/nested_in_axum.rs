//! Serves the ticket shop under `/tickets` of an axum app with other routes.
//!
//! `cargo run -p tiketi-examples --example nested_in_axum`, then open <http://127.0.0.1:3002/tickets/api/docs/>.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tiketi_core::BoxOffice;
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_http::{AppState, SignIn, TokenSecret};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

/// Longest wait at the end for requests that move money.
const DRAIN: Duration = Duration::from_secs(8);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let shop = open_shop()?;
    let listener = TcpListener::bind("127.0.0.1:3002").await?;
    println!("the shop is at http://{}/tickets/api/docs/", listener.local_addr()?);
    let jobs = tokio::spawn(run_jobs(shop.clone()));

    // 1. A signal stops new connections; running requests are finished.
    axum::serve(listener, app(shop.clone())).with_graceful_shutdown(stop_signal()).await?;
    // 2. The jobs end, even in the middle of a round: what they leave stays due, and the next process does it.
    jobs.abort();
    // 3. Work that moves money continues when its request has ended. The wait is bounded, because a provider may
    // not answer; the jobs of the next process reconcile what is interrupted.
    shop.tasks().close();
    if timeout(DRAIN, shop.tasks().wait()).await.is_err() {
        eprintln!("{} tasks did not finish in time", shop.tasks().len());
    }
    // 4. The store is closed last, because all of the above writes to it. `MemoryStore` needs no closing;
    // `PostgresStore::close` closes its connections.
    Ok(())
}

/// Combines the shop's routes with the host's own routes.
fn app(shop: AppState) -> Router {
    Router::new().route("/", get(async || "The host's own page.")).nest("/tickets", tiketi_http::router(shop))
}

fn open_shop() -> Result<AppState, Box<dyn Error>> {
    let store = Arc::new(MemoryStore::default());
    let box_office =
        BoxOffice::builder().store(Arc::clone(&store)).gateway(Arc::new(TestGateway::default())).build()?;
    // Buyers register and sign in at the shop; in the example `own_sessions` they sign in at the host. A real
    // program reads the secret from the host's store of secrets.
    let secret = TokenSecret::new("at least thirty-two bytes of secret text")?;
    let sign_in = SignIn::Accounts { store: store.clone(), secret };
    Ok(AppState::builder(box_office, store.clone(), store, sign_in).build()?)
}

/// Runs the background jobs. The library starts no tasks, so the host has to call them.
async fn run_jobs(shop: AppState) {
    loop {
        let report = shop.run_jobs_once().await;
        for (job, error) in report.failures() {
            eprintln!("{} failed and will be tried again: {error}", job.name());
        }
        sleep(report.next).await;
    }
}

async fn stop_signal() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        eprintln!("cannot listen for Ctrl-C: {error}");
    }
}

#[cfg(test)]
#[tokio::test]
async fn the_loop_runs_every_job() {
    use tiketi_core::box_office::Job;

    let ran = open_shop().unwrap().run_jobs_once().await.runs;
    for job in [Job::Expire, Job::Reconcile, Job::Inbox, Job::CallOff, Job::ForgetAnswers] {
        assert!(ran.iter().any(|run| run.job == job && run.outcome.is_ok()), "{job:?}");
    }
}

#[cfg(test)]
#[tokio::test]
async fn the_shop_and_the_host_answer_side_by_side() {
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use tower::ServiceExt;

    let app = app(open_shop().unwrap());
    for path in ["/", "/tickets/health", "/tickets/api/events", "/tickets/api/docs/"] {
        let answer = app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
}
