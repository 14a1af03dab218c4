//! A client that does what the server tells clients to do.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// How long a client comes back to a server that is too busy, before the test takes that for a failure.
const PATIENCE: Duration = Duration::from_mins(1);

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// How long to wait before the same request is sent again.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Value,
}

/// Sends a request once.
pub(crate) async fn ask_once(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    read(request.send().await?).await
}

/// Sends a request, and sends it again for as long as the server answers 503 and names a time to come back.
///
/// A request that may have taken effect is sent again only if a repetition does no harm.
pub(crate) async fn ask(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let end = Instant::now() + PATIENCE;
    loop {
        let again = request.try_clone().expect("the body is in memory");
        let answer = ask_once(again).await?;
        match answer.retry_after {
            Some(pause) if may_repeat(&request, &answer) && Instant::now() + pause < end => {
                sleep(pause).await;
            }
            _ => return Ok(answer),
        }
    }
}

/// Tells whether the server refused to do anything, or the request may be sent twice.
fn may_repeat(request: &RequestBuilder, answer: &Answer) -> bool {
    match (answer.status, answer.body["code"].as_str()) {
        (503, Some("SERVICE_UNAVAILABLE" | "TOO_BUSY")) => true,
        (503, Some("TIMED_OUT")) => is_repeatable(request),
        _ => false,
    }
}

fn is_repeatable(request: &RequestBuilder) -> bool {
    let request = request.try_clone().expect("the body is in memory").build().unwrap();
    request.method() == Method::GET || request.headers().contains_key("idempotency-key")
}

async fn read(response: Response) -> Result<Answer, reqwest::Error> {
    let status = response.status().as_u16();
    let seconds = response.headers().get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Answer { status, retry_after: seconds.map(Duration::from_secs), body })
}
