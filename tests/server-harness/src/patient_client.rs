//! A client that retries when the server asks it to.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// How long a client retries at a busy server before the test fails.
const PATIENCE: Duration = Duration::from_mins(5);

/// The answer to a request.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long to wait before the request is sent again: `Retry-After`.
    pub retry_after: Option<Duration>,
    /// The body, as JSON; as one string if it is no JSON.
    pub body: Value,
}

/// Sends a request once.
pub async fn send_once(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    read(request.send().await?).await
}

/// Sends a request, and again while the server answers 503 with `Retry-After`.
///
/// A request that may have taken effect is sent again only if it is a GET or carries an idempotency key.
pub async fn send_with_retries(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let end = Instant::now() + PATIENCE;
    loop {
        let again = request.try_clone().expect("the body is in memory");
        let answer = send_once(again).await?;
        match answer.retry_after {
            Some(pause) if may_repeat(&request, &answer) && Instant::now() + pause < end => {
                sleep(pause).await;
            }
            _ => return Ok(answer),
        }
    }
}

/// Returns whether the server did nothing, or the request may be sent twice.
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
