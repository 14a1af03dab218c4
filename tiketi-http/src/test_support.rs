//! Shared by the tests of this crate: a server without sockets, with a clock that a test moves.

mod observed_catalog;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::Value;
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::{
    BoxOffice, BoxOfficeBuilder, Clock, IdSource, StoreError, Timestamp,
    account::{Role, Session, SignedIn},
    clock::{CountedIds, ManualClock},
    id::SessionId,
    store::AccountStore,
};
use tower::ServiceExt;

use crate::auth::NewAccount;
use crate::credentials::TokenSecret;
use crate::images::{ImageName, ImageStore};
use crate::limits::HttpLimits;
use crate::request_limits::RequestLimits;
use crate::router::{router, serve};
use crate::state::{AppState, AppStateBuilder, SignIn};
use crate::time_zone::TimeZone;

pub(crate) use observed_catalog::ObservedCatalog;

/// The secret the tests sign with.
pub(crate) const SECRET: &str = "a secret of more than thirty-two bytes, for tests";
/// A password that every account of the tests has.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A server with its clock.
pub(crate) struct Server {
    pub(crate) state: AppState,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) gateway: Arc<TestGateway>,
    pub(crate) catalog: Arc<ObservedCatalog>,
    pub(crate) app: Router,
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Server {
    /// Starts a server on an empty store.
    pub(crate) fn new() -> Self {
        Self::with_limits(HttpLimits { request_timeout: Duration::from_secs(5), ..HttpLimits::default() })
    }

    /// Starts a server held to these limits.
    pub(crate) fn with_limits(limits: HttpLimits) -> Self {
        Self::with(limits, |builder| builder)
    }

    /// Starts a server over a shop with other parts.
    pub(crate) fn with(limits: HttpLimits, parts: impl FnOnce(BoxOfficeBuilder) -> BoxOfficeBuilder) -> Self {
        Self::with_state(parts, |builder| builder.limits(limits))
    }

    /// Starts a server over a shop and a state with other parts.
    pub(crate) fn with_state(
        parts: impl FnOnce(BoxOfficeBuilder) -> BoxOfficeBuilder,
        state: impl FnOnce(AppStateBuilder) -> AppStateBuilder,
    ) -> Self {
        let clock = Arc::new(ManualClock::at("2026-01-05T10:00:00Z".parse::<Timestamp>().unwrap()));
        let store = Arc::new(MemoryStore::default());
        let ids = Arc::new(CountedIds::seeded(1));
        let gateway = Arc::new(TestGateway::default());
        let catalog = ObservedCatalog::of(Arc::clone(&store));
        let builder = BoxOffice::builder()
            .store(Arc::clone(&store))
            .catalog(Arc::<ObservedCatalog>::clone(&catalog))
            .figures(Arc::<MemoryStore>::clone(&store), Arc::new(TimeZone::SEOUL))
            .gateway(Arc::<TestGateway>::clone(&gateway))
            .clock(Arc::<ManualClock>::clone(&clock))
            .ids(Arc::<CountedIds>::clone(&ids) as Arc<dyn IdSource>);
        let box_office = parts(builder).build().unwrap();
        let notices = Arc::<MemoryStore>::clone(&store);
        let builder = AppState::builder(box_office, store.clone(), store.clone(), accounts_in(store))
            .notices(notices)
            .images(Arc::new(MemoryImages::default()))
            .clock(Arc::<ManualClock>::clone(&clock) as Arc<dyn Clock>)
            .ids(ids)
            // A test moves the clock back and forth, and sends more than a person.
            .request_limits(&RequestLimits::off());
        let state = state(builder).build().unwrap();
        Self { app: router(state.clone()), clock, gateway, catalog, state }
    }

    /// Starts another server of the same shop, with the same accounts and clock.
    pub(crate) fn beside(&self) -> Self {
        let (clock, gateway, catalog) =
            (Arc::clone(&self.clock), Arc::clone(&self.gateway), Arc::clone(&self.catalog));
        let sign_in = accounts_in(Arc::clone(&self.state.accounts().unwrap().store));
        let (box_office, answers) = (self.state.box_office().clone(), Arc::clone(self.state.answers()));
        let log = Arc::clone(self.state.staff_log());
        let state = AppState::builder(box_office, answers, log, sign_in);
        let state = state.clock(Arc::<ManualClock>::clone(&clock));
        let state = state.build().unwrap();
        Self { app: router(state.clone()), clock, gateway, catalog, state }
    }

    /// Serves other routes with the same layers around them.
    pub(crate) fn serving(routes: Router<AppState>) -> Self {
        let mut server = Self::new();
        server.app = serve(routes, server.state.clone());
        server
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answered {
        answered(self.app.clone(), request).await
    }

    /// Sends a read.
    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Sends JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answered {
        self.send(json_request(Method::POST, path, body)).await
    }

    /// Makes an account and returns its access token.
    pub(crate) async fn token_of(&self, email: &str, role: Role) -> String {
        let new = NewAccount::new(email, PASSWORD.to_owned().into(), "Ada Example", role);
        self.state.ensure_account(new).await.unwrap();
        let accounts = self.state.accounts().unwrap();
        let account = accounts.store.account_by_email(&email.parse().unwrap()).await.unwrap();
        let (account, now) = (account.unwrap(), self.state.now());
        let id = SessionId::from_uuid(self.state.new_id());
        let session = Session::start(id, account.id, now, now.after(accounts.tokens.session_length()));
        accounts.store.start_session(session.clone()).await.unwrap();
        accounts.tokens.issue(&SignedIn { session, account }).unwrap().access
    }
}

impl Answered {
    /// Reads the body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("no JSON: {self:?} {}", String::from_utf8_lossy(&self.bytes)))
    }

    /// Returns the error's code, after checking that its body has the one shape.
    pub(crate) fn code(&self) -> String {
        let body = self.json();
        let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["code", "details", "error", "requestId"], "{body}");
        assert!(body["details"].is_object(), "{body}");
        assert!(!body["error"].as_str().unwrap().is_empty(), "{body}");
        assert_eq!(body["requestId"].as_str().unwrap(), self.header("x-request-id"), "{body}");
        body["code"].as_str().unwrap().to_owned()
    }

    /// Returns a header's text, empty without one.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Lets users sign in with accounts in a store, under [`SECRET`].
pub(crate) fn accounts_in(store: Arc<dyn AccountStore>) -> SignIn {
    SignIn::Accounts { store, secret: TokenSecret::new(SECRET).unwrap() }
}

/// Makes a request of JSON.
pub(crate) fn json_request(method: Method, path: &str, body: &Value) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    request.body(Body::from(body.to_string())).unwrap()
}

/// Sends a request to an app, and reads the whole answer.
pub(crate) async fn answered(app: Router, request: Request<Body>) -> Answered {
    let response = app.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    Answered { status: parts.status, headers: parts.headers, bytes }
}

/// Adds a header to a request.
pub(crate) fn with_header(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().append(name, value.parse().unwrap());
    request
}

/// Lets a request come from a peer.
pub(crate) fn from_peer(mut request: Request<Body>, address: &str) -> Request<Body> {
    let peer = SocketAddr::new(address.parse().unwrap(), 4711);
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

/// Signs a request.
pub(crate) fn signed(request: Request<Body>, token: &str) -> Request<Body> {
    with_header(request, "authorization", &format!("Bearer {token}"))
}

/// Images in memory.
#[derive(Debug, Default)]
struct MemoryImages {
    images: Mutex<HashMap<String, Bytes>>,
}

#[async_trait]
impl ImageStore for MemoryImages {
    async fn put(&self, name: &ImageName, bytes: Bytes) -> Result<(), StoreError> {
        self.images.lock().unwrap().insert(name.to_string(), bytes);
        Ok(())
    }

    async fn get(&self, name: &ImageName) -> Result<Option<Bytes>, StoreError> {
        Ok(self.images.lock().unwrap().get(&name.to_string()).cloned())
    }
}
