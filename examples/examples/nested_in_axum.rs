//! Puts the ticket shop under `/tickets` of an axum app that has routes of its own.
//!
//! `cargo run -p tiketi-examples --example nested_in_axum`, then open <http://127.0.0.1:3002/tickets/api/docs/>.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tiketi_core::BoxOffice;
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_http::AppState;
use tokio::net::TcpListener;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let shop = open_shop()?;
    let listener = TcpListener::bind("127.0.0.1:3002").await?;
    println!("the shop is at http://{}/tickets/api/docs/", listener.local_addr()?);
    tokio::spawn(run_jobs(shop.clone()));
    axum::serve(listener, app(shop.clone())).with_graceful_shutdown(told_to_stop()).await?;

    // Work that moves money outlives its request, and the server must not end before it.
    shop.tasks().close();
    shop.tasks().wait().await;
    Ok(())
}

/// Sets the shop beside what the host serves already.
fn app(shop: AppState) -> Router {
    Router::new().route("/", get(async || "The host's own page.")).nest("/tickets", tiketi_http::router(shop))
}

fn open_shop() -> Result<AppState, Box<dyn Error>> {
    let store = Arc::new(MemoryStore::default());
    let box_office =
        BoxOffice::builder().store(Arc::clone(&store)).gateway(Arc::new(TestGateway::default())).build()?;
    // A host that signs people in by itself makes tokens for them with this secret: HS256, with
    // `{ userId, email, role, iat, exp }`. A real one comes from where the host keeps its secrets.
    let secret = "at least thirty-two bytes of secret text".to_owned().into();
    Ok(AppState::builder(box_office, store.clone(), store, secret).build()?)
}

/// The library starts no tasks. Everything that has to happen by itself is done by this loop.
async fn run_jobs(shop: AppState) {
    loop {
        let report = shop.run_jobs_once().await;
        for (job, error) in report.failures() {
            eprintln!("{} is tried again: {error}", job.name());
        }
        sleep(report.next).await;
    }
}

async fn told_to_stop() {
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
