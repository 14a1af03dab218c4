//! The health of a server in each of its states.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::StatusCode;
use serde_json::json;
use tiketi_core::memory::MemoryStore;
use tiketi_core::{
    AccountId, CommandError, StoreError, StoreErrorKind, Timestamp,
    account::{Account, Email, Role, Session, SignedIn},
    id::SessionId,
    store::{AccountQuery, AccountStore, ChangeRoleRefused, CreateAccountRefused, UpdateAccountRefused},
};

use crate::limits::HttpLimits;
use crate::router::router;
use crate::state::AppState;
use crate::test_support::{Server, accounts_in};

#[tokio::test]
async fn a_healthy_server_is_reported_as_ok() {
    let server = Server::new();
    for path in ["/health", "/health/live", "/health/ready", "/health/db", "/health/all"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.json()["status"], "ok", "{path}");
    }
}

#[tokio::test]
async fn redis_is_reported_as_not_configured() {
    let server = Server::new();
    assert_eq!(server.get("/health/redis").await.json()["status"], "not configured");
    assert_eq!(server.get("/health/all").await.json()["checks"]["redis"]["status"], "not configured");
}

#[tokio::test]
async fn a_stopping_server_is_not_ready() {
    let server = Server::new();
    server.state.tasks().close();
    let answer = server.get("/health/ready").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.code(), "SERVICE_UNAVAILABLE");
    assert_eq!(server.get("/health/live").await.status, StatusCode::OK);
}

/// A store that cannot be reached, or never answers.
#[derive(Debug)]
enum Broken {
    Gone,
    Silent,
}

#[async_trait]
impl AccountStore for Broken {
    async fn create_account(&self, _: Account) -> Result<(), CommandError<CreateAccountRefused>> {
        Err(gone().into())
    }

    async fn update_account_and_end_sessions(
        &self,
        _: Account,
    ) -> Result<(), CommandError<UpdateAccountRefused>> {
        Err(gone().into())
    }

    async fn account(&self, _: AccountId) -> Result<Option<Account>, StoreError> {
        match self {
            Self::Gone => Err(gone()),
            Self::Silent => std::future::pending().await,
        }
    }

    async fn account_by_email(&self, _: &Email) -> Result<Option<Account>, StoreError> {
        Err(gone())
    }

    async fn update_account(&self, _: Account) -> Result<(), CommandError<UpdateAccountRefused>> {
        Err(gone().into())
    }

    async fn change_role(
        &self,
        _: AccountId,
        _: Role,
        _: Role,
    ) -> Result<Account, CommandError<ChangeRoleRefused>> {
        Err(gone().into())
    }

    async fn accounts(&self, _: AccountQuery) -> Result<Vec<Account>, StoreError> {
        Err(gone())
    }

    async fn accounts_by_id(&self, _: Vec<AccountId>) -> Result<Vec<Account>, StoreError> {
        Err(gone())
    }

    async fn start_session(&self, _: Session) -> Result<(), StoreError> {
        Err(gone())
    }

    async fn session(&self, _: SessionId) -> Result<Option<SignedIn>, StoreError> {
        Err(gone())
    }

    async fn renew_session(&self, _: Session) -> Result<bool, StoreError> {
        Err(gone())
    }

    async fn end_session(&self, _: SessionId) -> Result<bool, StoreError> {
        Err(gone())
    }

    async fn end_sessions(&self, _: AccountId, _: Option<SessionId>) -> Result<u64, StoreError> {
        Err(gone())
    }

    async fn forget_sessions(&self, _: Timestamp, _: u32) -> Result<u64, StoreError> {
        Err(gone())
    }
}

fn gone() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "postgres://user:password@db refused")
}

fn server_with(accounts: Broken) -> Server {
    let mut server = Server::new();
    let box_office = server.state.box_office().clone();
    let answers = Arc::new(MemoryStore::default());
    let state = AppState::builder(box_office, answers.clone(), answers, accounts_in(Arc::new(accounts)));
    let limits = HttpLimits { health_patience: Duration::from_millis(20), ..HttpLimits::default() };
    server.app = router(state.limits(limits).build().unwrap());
    server
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_reported_as_down() {
    for broken in [Broken::Gone, Broken::Silent] {
        let server = server_with(broken);
        for path in ["/health/db", "/health/ready", "/health/all"] {
            let answer = server.get(path).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
            assert_eq!(answer.json()["details"]["checks"]["db"], "down");
            assert!(!String::from_utf8(answer.bytes).unwrap().contains("postgres"));
        }
        assert_eq!(server.get("/health").await.status, StatusCode::OK);
        assert_eq!(server.get("/health/live").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn registration_is_refused_while_the_store_is_down() {
    let body = json!({"email": "new@example.com", "password": "correct horse", "name": "Ada"});
    let answer = server_with(Broken::Gone).post("/api/auth/register", &body).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
    assert_eq!(answer.header("retry-after"), "1");
}
