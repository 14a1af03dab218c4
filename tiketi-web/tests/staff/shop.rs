//! A shop with its pages, and browsers of people who are signed in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tiketi_core::account::Role;
use tiketi_core::clock::{CountedIds, ManualClock};
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::{BoxOffice, Clock, IdSource, StoreError, Timestamp};
use tiketi_http::{
    AppState, ImageName, ImageStore, NewAccount, RequestLimits, SignIn, SignInLimits, TimeZone, TokenSecret,
};
use tower::ServiceExt;

const PASSWORD: &str = "correct horse battery";
const HOST: &str = "shop.example";

/// A shop with one event on sale, which starts on 14 February at 19:00 in Seoul.
pub(crate) struct Shop {
    app: Router,
    pub(crate) state: AppState,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) gateway: Arc<TestGateway>,
    /// The event: 10 VIP seats at 150,000 won, 20 R seats at 110,000 won, and 50 units of standing room at 88,000 won.
    pub(crate) event: String,
    pub(crate) layout: String,
    pub(crate) admin: Browser,
    pub(crate) buyer: Browser,
}

/// A browser that keeps its cookies, and speaks a language.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    cookies: String,
    language: &'static str,
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) text: String,
}

#[derive(Debug, Default)]
struct MemoryImages(Mutex<HashMap<String, Bytes>>);

#[async_trait]
impl ImageStore for MemoryImages {
    async fn put(&self, name: &ImageName, bytes: Bytes) -> Result<(), StoreError> {
        self.0.lock().unwrap().insert(name.to_string(), bytes);
        Ok(())
    }

    async fn get(&self, name: &ImageName) -> Result<Option<Bytes>, StoreError> {
        Ok(self.0.lock().unwrap().get(&name.to_string()).cloned())
    }
}

impl Browser {
    /// A browser without cookies.
    pub(crate) fn new() -> Self {
        Self { cookies: String::new(), language: "en" }
    }

    /// The same browser, of a reader of Korean.
    pub(crate) fn korean(&self) -> Self {
        Self { language: "ko", ..self.clone() }
    }
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// Fails unless the answer is a page with this text.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) {
        assert!(self.text.contains(text), "{} shows no {text:?}:\n{}", self.status, self.main());
    }

    #[track_caller]
    pub(crate) fn hides(&self, text: &str) {
        assert!(!self.text.contains(text), "{} shows {text:?}:\n{}", self.status, self.main());
    }

    /// Fails unless the answer leads to a page.
    #[track_caller]
    pub(crate) fn leads_to(&self, path: &str) {
        assert_eq!((self.status.as_u16(), self.location.as_str()), (303, path), "{}", self.main());
    }

    fn main(&self) -> &str {
        self.text.split_once("<main").map_or(&self.text, |(_, main)| main)
    }
}

impl Shop {
    /// Opens a shop whose event is on sale since 5 January at 19:00 in Seoul.
    pub(crate) async fn open() -> Self {
        let clock = Arc::new(ManualClock::at("2026-01-05T10:00:00Z".parse::<Timestamp>().unwrap()));
        let store = Arc::new(MemoryStore::default());
        let ids: Arc<dyn IdSource> = Arc::new(CountedIds::seeded(1));
        let gateway = Arc::new(TestGateway::default());
        let box_office = BoxOffice::builder()
            .store(Arc::clone(&store))
            .figures(Arc::<MemoryStore>::clone(&store), Arc::new(TimeZone::SEOUL))
            .gateway(Arc::<TestGateway>::clone(&gateway))
            .clock(Arc::<ManualClock>::clone(&clock))
            .ids(Arc::clone(&ids))
            .build()
            .unwrap();
        let sign_in = SignIn::Accounts {
            store: store.clone(),
            secret: TokenSecret::new("a secret of more than thirty-two bytes, for tests").unwrap(),
        };
        let state = AppState::builder(box_office, store.clone(), store.clone(), sign_in)
            .notices(store)
            .images(Arc::new(MemoryImages::default()))
            .clock(Arc::<ManualClock>::clone(&clock) as Arc<dyn Clock>)
            .ids(Arc::clone(&ids))
            .sign_in_limits(SignInLimits::off())
            .request_limits(&RequestLimits::off())
            .build()
            .unwrap();
        let settings = tiketi_web::Settings::default().clock(Arc::<ManualClock>::clone(&clock)).ids(ids);
        let app = tiketi_web::router(tiketi_http::router(state.clone()), settings);
        let nobody = Browser::new();
        let (event, layout) = (String::new(), String::new());
        let mut shop =
            Self { app, state, clock, gateway, event, layout, admin: nobody.clone(), buyer: nobody };
        shop.admin = shop.browser_of(Role::Admin).await;
        shop.buyer = shop.browser_of(Role::Buyer).await;
        let made = shop.api(Method::POST, "/api/admin/layouts", &shop.admin, &layout_plan()).await;
        shop.layout = text(&made["layout"]["id"]);
        let made = shop.api(Method::POST, "/api/admin/events", &shop.admin, &event_on(&shop.layout)).await;
        shop.event = text(&made["event"]["id"]);
        let path = format!("/api/admin/events/{}/publish", shop.event);
        shop.api(Method::POST, &path, &shop.admin, &Value::Null).await;
        shop
    }

    /// Makes an account of a role, and signs it in by the form.
    pub(crate) async fn browser_of(&self, role: Role) -> Browser {
        let email = format!("{}@example.com", role.word().replace('_', "-"));
        self.browser_named(&email, role).await
    }

    pub(crate) async fn browser_named(&self, email: &str, role: Role) -> Browser {
        let new = NewAccount::new(email, PASSWORD.to_owned().into(), "Ada Example", role);
        self.state.ensure_account(new).await.unwrap();
        let form = [("email", email), ("password", PASSWORD), ("next", "/staff")];
        let request = form_request("/sign-in", &Browser::new(), &form);
        let response = self.app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "signed in");
        let cookies = response.headers().get_all("set-cookie").iter();
        let cookies = cookies.map(|line| line.to_str().unwrap().split(';').next().unwrap().to_owned());
        Browser { cookies: cookies.collect::<Vec<_>>().join("; "), language: "en" }
    }

    /// Shows a page.
    pub(crate) async fn page(&self, path: &str, browser: &Browser) -> Answered {
        self.send(request(Method::GET, path, browser).body(Body::empty()).unwrap()).await
    }

    /// Sends a form.
    pub(crate) async fn post(&self, path: &str, browser: &Browser, fields: &[(&str, &str)]) -> Answered {
        self.send(form_request(path, browser, fields)).await
    }

    /// Sends a file as a form does.
    pub(crate) async fn upload(&self, path: &str, browser: &Browser, name: &str, bytes: &[u8]) -> Answered {
        let head = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let body = [head.as_bytes(), bytes, b"\r\n--edge--\r\n"].concat();
        let request =
            request(Method::POST, path, browser).header("content-type", "multipart/form-data; boundary=edge");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Sends JSON as a script of a page does.
    pub(crate) async fn json(&self, path: &str, browser: &Browser, body: &str) -> Answered {
        let request = request(Method::POST, path, browser).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Calls the interface, which must succeed.
    pub(crate) async fn api(&self, method: Method, path: &str, browser: &Browser, body: &Value) -> Value {
        let request = request(method, path, browser);
        let request = match body {
            Value::Null => request.body(Body::empty()),
            body => request.header("content-type", "application/json").body(Body::from(body.to_string())),
        };
        let answer = self.send(request.unwrap()).await;
        assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text);
        if answer.text.is_empty() { Value::Null } else { answer.json() }
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        self.api(Method::GET, path, &self.admin, &Value::Null).await
    }

    async fn send(&self, request: Request<Body>) -> Answered {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let location =
            headers.get("location").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answered { status, location, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// Returns the ids of the event's seats, from the stage backwards.
    pub(crate) async fn seats(&self) -> Vec<String> {
        let map = self.read(&format!("/api/seats/{}", self.event)).await;
        map["seats"].as_array().unwrap().iter().map(|seat| text(&seat["id"])).collect()
    }

    /// Buys seats, and returns the payment with its reservation.
    pub(crate) async fn sold(&self, browser: &Browser, seats: &[String]) -> Value {
        let body = json!({"eventId": self.event, "seatIds": seats});
        let held = self.api(Method::POST, "/api/seats/reserve", browser, &body).await;
        let body = json!({"reservationId": held["reservation"]["id"], "paymentMethod": "kakao_pay"});
        self.api(Method::POST, "/api/payments/process", browser, &body).await
    }

    /// Runs the jobs until nothing is left to do at present.
    pub(crate) async fn settle(&self) {
        for _ in 0..8 {
            let report = self.state.run_jobs_once().await;
            assert_eq!(report.failures().count(), 0);
            self.clock.advance(Duration::from_secs(1));
        }
    }
}

fn request(method: Method, path: &str, browser: &Browser) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path).header("host", HOST);
    let request =
        request.header("origin", format!("http://{HOST}")).header("accept-language", browser.language);
    if browser.cookies.is_empty() { request } else { request.header("cookie", &browser.cookies) }
}

fn form_request(path: &str, browser: &Browser, fields: &[(&str, &str)]) -> Request<Body> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request =
        request(Method::POST, path, browser).header("content-type", "application/x-www-form-urlencoded");
    request.body(Body::from(body)).unwrap()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

pub(crate) fn layout_plan() -> Value {
    json!({
        "venue": "Harbour Hall", "name": "Great hall", "currency": "KRW",
        "sections": [
            {"name": "VIP", "price": 150_000, "rows": [
                {"label": "A", "seats": 10, "gapsAfter": ["5"], "accessible": ["1", "10"]},
            ]},
            {"name": "R", "price": 110_000, "rows": [{"label": "B", "seats": 10}, {"label": "C", "seats": 10}]},
        ],
    })
}

fn event_on(layout: &str) -> Value {
    json!({
        "title": "Night of the Lighthouse", "artist": "The Paper Boats", "venue": "Harbour Hall",
        "keywords": ["등대의 밤"], "eventDate": "2026-02-14T19:00:00+09:00", "saleStart": "2026-01-05T10:00:00Z",
        "saleEnd": "2026-02-14T09:00:00Z", "layoutId": layout,
        "ticketTypes": [{"name": "Standing", "price": 88_000, "capacity": 50}],
        "limits": {"cancellationPolicy": [{"untilSecondsBefore": 86_400, "keptBasisPoints": 1_000}]},
    })
}
