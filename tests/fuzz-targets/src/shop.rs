//! A shop in this process that serves requests and sockets, for the targets that need one.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::http::request::Parts;
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::{
    BoxOffice, BuyerId, Currency, EventDetails, EventInput, Money, Row, SaleWindow, SeatLayout, Section,
    TicketTypeInput,
};
use tiketi_http::{
    AppState, AuthenticatedUser, AuthenticationError, Authenticator, CredentialScheme, SignIn, router,
};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use uuid::Uuid;

/// How often anything panicked, also in a task of the server, which catches it.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// A shop with one event on sale.
pub(crate) struct Shop {
    pub(crate) runtime: Runtime,
    pub(crate) app: Router,
    pub(crate) address: SocketAddr,
    pub(crate) event: String,
    pub(crate) standing: String,
    buyers: AtomicU64,
}

/// Believes the header `x-buyer`, as no host may.
#[derive(Debug)]
struct Believing;

#[async_trait]
impl Authenticator for Believing {
    async fn authenticate(&self, request: &Parts) -> Result<Option<AuthenticatedUser>, AuthenticationError> {
        let text = request.headers.get("x-buyer").and_then(|value| value.to_str().ok());
        Ok(text.and_then(|text| text.parse().ok()).map(AuthenticatedUser::buyer))
    }

    fn scheme(&self) -> CredentialScheme {
        CredentialScheme::Bearer
    }
}

impl Shop {
    /// Returns the shop of this process.
    pub(crate) fn get() -> &'static Self {
        static SHOP: OnceLock<Shop> = OnceLock::new();
        SHOP.get_or_init(Self::open)
    }

    fn open() -> Self {
        count_panics();
        let runtime = Runtime::new().unwrap();
        let store = Arc::new(MemoryStore::default());
        let office = BoxOffice::builder().store(Arc::clone(&store)).gateway(Arc::new(TestGateway::default()));
        let office = office.build().unwrap();
        let (event, standing) = runtime.block_on(sell(&office));
        let sign_in = SignIn::Host(Arc::new(Believing));
        let state = AppState::builder(office, store.clone(), store, sign_in).build().unwrap();
        let app = router(state);
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let served = app.clone().into_make_service_with_connect_info::<SocketAddr>();
        runtime.spawn(async move { axum::serve(listener, served).await });
        Self { runtime, app, address, event, standing, buyers: AtomicU64::new(1) }
    }

    /// Returns a buyer who has bought nothing.
    pub(crate) fn next_buyer(&self) -> BuyerId {
        BuyerId::from_uuid(Uuid::from_u64_pair(7, self.buyers.fetch_add(1, Ordering::Relaxed)))
    }
}

async fn sell(office: &BoxOffice) -> (String, String) {
    let won = |minor| Money::new(minor, Currency::KRW);
    let hall = SeatLayout::new("Harbour Hall", "Studio")
        .section(Section::new("R", won(100)).row(Row::numbered("A", 10)));
    let layout = office.catalog().create_layout(hall, None).await.unwrap();
    let (opens, closes) = (office.now(), office.now().after(Duration::from_hours(24)));
    let details = EventDetails::new("Winter Lights", closes, SaleWindow::new(opens, closes).unwrap());
    let standing = TicketTypeInput::new("Standing", won(50), 1_000_000);
    let input = EventInput::new(details, Currency::KRW).seated(layout.id).ticket_type(standing);
    let made = office.catalog().create_event(input).await.unwrap();
    office.catalog().publish_event(made.event.id).await.unwrap();
    let standing = made.ticket_types.iter().find(|kind| kind.name == "Standing").unwrap().id;
    (made.event.id.to_string(), standing.to_string())
}

fn count_panics() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        tell(panic);
    }));
}

/// Asserts that nothing panicked, in no task.
pub(crate) fn assert_nothing_panicked() {
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "the server panicked");
}
