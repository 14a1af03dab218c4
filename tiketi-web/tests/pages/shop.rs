//! A shop in memory behind the pages, with a clock that a test moves.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};
use tiketi_core::account::Role;
use tiketi_core::clock::{CountedIds, ManualClock};
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::{BoxOffice, Clock, IdSource, Timestamp};
use tiketi_http::{AppState, NewAccount, RequestLimits, SignIn, TokenSecret, TrustedProxies};
use tiketi_web::Settings;

use crate::browser::{Browser, Page};

/// The password of every account.
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const BUYER: &str = "buyer@example.com";
pub(crate) const OTHER: &str = "other@example.com";
const STAFF: &str = "staff@example.com";

/// A shop with one published event.
pub(crate) struct Shop {
    pub(crate) app: Router,
    pub(crate) state: AppState,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) gateway: Arc<TestGateway>,
    pub(crate) event: String,
    staff: Browser,
}

impl Shop {
    /// Opens the shop.
    pub(crate) async fn open() -> Self {
        Self::with(json!({})).await
    }

    /// Opens a shop whose event has other fields.
    pub(crate) async fn with(changes: Value) -> Self {
        let clock = Arc::new(ManualClock::at("2026-01-05T10:00:00Z".parse::<Timestamp>().unwrap()));
        let store = Arc::new(MemoryStore::default());
        let ids = Arc::new(CountedIds::seeded(1));
        let gateway = Arc::new(TestGateway::default());
        let box_office = BoxOffice::builder()
            .store(Arc::clone(&store))
            .gateway(Arc::<TestGateway>::clone(&gateway))
            .clock(Arc::<ManualClock>::clone(&clock))
            .ids(Arc::<CountedIds>::clone(&ids) as Arc<dyn IdSource>)
            .build()
            .unwrap();
        let secret = TokenSecret::new("a secret of more than thirty-two bytes, for tests").unwrap();
        let sign_in = SignIn::Accounts { store: Arc::<MemoryStore>::clone(&store), secret };
        let proxies = TrustedProxies::new(["192.0.2.1"]).unwrap();
        let state = AppState::builder(box_office, store.clone(), store.clone(), sign_in)
            .notices(store)
            .clock(Arc::<ManualClock>::clone(&clock) as Arc<dyn Clock>)
            .ids(Arc::<CountedIds>::clone(&ids) as Arc<dyn IdSource>)
            .trusted_proxies(proxies.clone())
            .request_limits(&RequestLimits::off())
            .build()
            .unwrap();
        for (email, role) in [(BUYER, Role::Buyer), (OTHER, Role::Buyer), (STAFF, Role::Admin)] {
            let account = NewAccount::new(email, PASSWORD.to_owned().into(), "Ada Example", role);
            state.ensure_account(account).await.unwrap();
        }
        let settings = Settings::default()
            .clock(Arc::<ManualClock>::clone(&clock))
            .ids(Arc::new(CountedIds::seeded(2)))
            .https(move |peer, headers| proxies.is_https(peer, headers));
        let app = tiketi_web::router(tiketi_http::router(state.clone()), settings);
        let mut staff = Browser::new(&app);
        staff.sign_in(STAFF).await;
        let mut shop = Self { app, state, clock, gateway, event: String::new(), staff };
        let layout = shop.staff_json("POST", "/api/admin/layouts", &layout()).await;
        let mut event = event_on(layout["layout"]["id"].as_str().unwrap());
        event.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let event = shop.staff_json("POST", "/api/admin/events", &event).await;
        shop.event = event["event"]["id"].as_str().unwrap().to_owned();
        let publish = format!("/api/admin/events/{}/publish", shop.event);
        shop.staff_json("POST", &publish, &Value::Null).await;
        shop
    }

    /// Sends JSON to the API as scripts of a page do: by the cookie.
    pub(crate) async fn staff_json(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let cookies: Vec<_> =
            self.staff.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = axum::http::Request::builder()
            .method(method)
            .uri(path)
            .header("cookie", cookies.join("; "))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/json");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = request.body(axum::body::Body::from(body)).unwrap();
        let response = tower::ServiceExt::oneshot(self.app.clone(), request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        assert!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    }

    /// Opens a browser of somebody who is not signed in.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.app)
    }

    /// Opens a browser, and signs in.
    pub(crate) async fn buyer(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        browser.sign_in(email).await;
        browser
    }

    /// Returns the address of a page of the event.
    pub(crate) fn at(&self, page: &str) -> String {
        format!("/events/{}{page}", self.event)
    }

    /// Holds the first free seat of a row, by the list.
    pub(crate) async fn hold_one(&self, browser: &mut Browser) -> Page {
        let page = browser.open(&self.at("/seats?section=VIP&row=A")).await;
        let seats = page.buttons("seats");
        let form = page.form(&self.at("/hold"));
        browser.submit(&form.set("seats", &seats[0])).await
    }

    /// Holds a seat, and pays for it; returns the page that says what came of it.
    pub(crate) async fn buy_one(&self, browser: &mut Browser) -> Page {
        let held = self.hold_one(browser).await;
        let checkout = browser.open(&held.link("/reservations/")).await;
        let form = checkout.form(&checkout.path);
        browser.submit(&form).await
    }

    /// Runs the jobs that are due, after some time.
    pub(crate) async fn wait(&self, time: Duration) {
        self.clock.advance(time);
        self.state.run_jobs_once().await;
    }
}

fn layout() -> Value {
    json!({
        "venue": "Harbour Hall", "name": "Great hall", "currency": "KRW",
        "sections": [
            {"name": "VIP", "price": 150_000, "rows": [
                {"label": "A", "seats": 10, "gapsAfter": ["5"], "accessible": ["1", "10"]},
            ]},
            {"name": "R", "price": 110_000, "rows": [{"label": "A", "seats": 10}, {"label": "B", "seats": 4}]},
        ],
    })
}

fn event_on(layout: &str) -> Value {
    json!({
        "title": "Night of the Lighthouse", "artist": "The Paper Boats", "venue": "Harbour Hall",
        "description": "Two hours, no break.", "keywords": ["등대의 밤"],
        "eventDate": "2026-02-14T19:00:00+09:00", "saleStart": "2026-01-05T10:00:00Z",
        "saleEnd": "2026-02-14T09:00:00Z", "layoutId": layout,
        "ticketTypes": [{"name": "Standing", "price": 88_000, "capacity": 50}],
    })
}
