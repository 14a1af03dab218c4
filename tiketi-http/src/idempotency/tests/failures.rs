//! Requests with a key, while the store of answers fails.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::http::{Method, StatusCode};
use axum::routing::post;
use serde_json::json;
use tiketi_core::{
    CommandKey, StoreError, StoreErrorKind, Timestamp,
    account::Role,
    store::{Answer, AnswerClaim, AnswerStore, ClaimAnswer},
};

use crate::router::serve;
use crate::state::AppState;
use crate::test_support::{Answered, Server, accounts_in, json_request, signed, with_header};

/// A store that fails from its first call on, or only once the request has run.
#[derive(Debug)]
struct Failing {
    claims: bool,
}

fn gone() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "gone")
}

#[async_trait]
impl AnswerStore for Failing {
    async fn claim_answer(&self, _: ClaimAnswer) -> Result<AnswerClaim, StoreError> {
        if self.claims { Ok(AnswerClaim::Run) } else { Err(gone()) }
    }

    async fn renew_claim(&self, _: CommandKey, _: Timestamp, _: Timestamp) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn keep_answer(&self, _: CommandKey, _: Answer, _: Timestamp) -> Result<(), StoreError> {
        Err(gone())
    }

    async fn give_up_answer(&self, _: CommandKey) -> Result<(), StoreError> {
        Err(gone())
    }

    async fn forget_answers(&self, _: Timestamp) -> Result<u64, StoreError> {
        Err(gone())
    }
}

async fn send(answers: Failing, path: &str) -> Answered {
    let mut server = Server::new();
    let token = server.token_of("buyer@example.com", Role::Buyer).await;
    let box_office = server.state.box_office().clone();
    let accounts = accounts_in(Arc::clone(&server.state.accounts().unwrap().store));
    let log = Arc::clone(server.state.staff_log());
    let builder = AppState::builder(box_office, Arc::new(answers), log, accounts);
    let clock = Arc::clone(&server.clock);
    let routes = Router::new()
        .route("/api/done", post(async || StatusCode::CREATED))
        .route("/api/refused", post(async || StatusCode::CONFLICT));
    server.app = serve(routes, builder.clock(clock).build().unwrap());
    let request = signed(json_request(Method::POST, path, &json!({})), &token);
    server.send(with_header(request, "idempotency-key", "k1")).await
}

#[tokio::test]
async fn nothing_runs_unless_its_key_is_claimed() {
    let answer = send(Failing { claims: false }, "/api/done").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
}

#[tokio::test]
async fn an_effect_is_answered_even_if_the_answer_cannot_be_stored() {
    assert_eq!(send(Failing { claims: true }, "/api/done").await.status, StatusCode::CREATED);
    assert_eq!(send(Failing { claims: true }, "/api/refused").await.status, StatusCode::CONFLICT);
}
