//! `--demo`: fills an empty store with a shop to try.

mod halls;
mod programme;
mod selling_out;

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};

use tiketi_core::{
    BoxOffice, EventId, EventInput, IdSource, PageRequest, SeatLayout,
    account::Role,
    clock::TimeOrderedIds,
    seat_layout::StoredLayout,
    store::{EventQuery, EventView},
};
use tiketi_http::{AppState, NewAccount};
use uuid::{Uuid, uuid};

use crate::failure::Failure;

/// The buyer's address and password; both are public.
const BUYER: (&str, &str) = ("demo@tiketi.dev", "demo1234");

/// The id of the first row of every demo shop.
const FIRST: Uuid = uuid!("0192f0d0-7469-8b65-9469-64656d6f0001");

/// Ids for filling one shop: the first is the same on every server, the others are new.
///
/// A store refuses a second row with the same id. If several servers find the store empty at the same moment, one of
/// them fills it.
#[derive(Debug, Default)]
pub(crate) struct DemoIds {
    begun: AtomicBool,
}

impl IdSource for DemoIds {
    fn next(&self) -> Uuid {
        if self.begun.swap(true, Ordering::Relaxed) { TimeOrderedIds.next() } else { FIRST }
    }
}

/// Fills the store if it is empty, and logs how to sign in.
pub(crate) async fn open(shop: &BoxOffice, state: &AppState) -> Result<(), Failure> {
    let failed = |error: Box<dyn Error + Send + Sync>| Failure::during("cannot fill the demo shop", &*error);
    if is_empty(shop).await.map_err(failed)? {
        if let Some(hall) = begin(shop).await.map_err(failed)? {
            fill(shop, hall).await.map_err(failed)?;
            tracing::info!("the demo shop was filled: two halls, four events");
        } else {
            tracing::info!("another server fills the demo shop");
        }
    }
    ensure_buyer(state).await.map_err(failed)?;
    let (email, password) = BUYER;
    tracing::info!("sign in as {email} with the password {password}, at /sign-in");
    Ok(())
}

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

async fn is_empty(shop: &BoxOffice) -> Outcome<bool> {
    let query = EventQuery::published(shop.now(), PageRequest::FIRST).with_drafts();
    Ok(shop.catalog().events(query).await?.total == 0
        && shop.catalog().layouts(PageRequest::FIRST).await?.total == 0)
}

async fn ensure_buyer(state: &AppState) -> Outcome<()> {
    let (email, password) = BUYER;
    let name = "데모 관객 (Demo buyer)".to_owned();
    let buyer = NewAccount::new(email, password.to_owned().into(), name, Role::Buyer);
    state.ensure_account(buyer).await?;
    Ok(())
}

/// Creates the first hall, unless another server already did.
async fn begin(shop: &BoxOffice) -> Outcome<Option<StoredLayout>> {
    match shop.catalog().create_layout(halls::concert_hall(), None).await {
        Ok(hall) => Ok(Some(hall)),
        Err(error) if is_empty(shop).await? => Err(error.into()),
        Err(_) => Ok(None),
    }
}

/// Creates everything else; runs only on the server that created the first hall.
async fn fill(shop: &BoxOffice, concert_hall: StoredLayout) -> Outcome<()> {
    let now = shop.now();
    publish(shop, programme::on_sale(now)?.seated(concert_hall.id)).await?;
    seated(shop, halls::dome(), programme::upcoming(now)?).await?;
    publish(shop, programme::general_admission(now)?).await?;
    let club_night = publish(shop, programme::sold_out(now)?).await?;
    selling_out::sell_out(shop, &club_night).await
}

async fn seated(shop: &BoxOffice, layout: SeatLayout, event: EventInput) -> Outcome<EventId> {
    let layout = shop.catalog().create_layout(layout, None).await?;
    Ok(publish(shop, event.seated(layout.id)).await?.event.id)
}

async fn publish(shop: &BoxOffice, event: EventInput) -> Outcome<EventView> {
    let view = shop.catalog().create_event(event).await?;
    shop.catalog().publish_event(view.event.id).await?;
    Ok(view)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tiketi_core::EventStatus;
    use tiketi_core::memory::{MemoryStore, TestGateway};
    use tiketi_core::seat_layout::LayoutOutline;

    use super::*;

    async fn demo_shop() -> (BoxOffice, Arc<TestGateway>) {
        let gateway = Arc::new(TestGateway::default());
        let builder = BoxOffice::builder().store(Arc::new(MemoryStore::default()));
        let shop = builder.gateway(Arc::<TestGateway>::clone(&gateway)).build().unwrap();
        let hall = begin(&shop).await.unwrap().unwrap();
        fill(&shop, hall).await.unwrap();
        (shop, gateway)
    }

    async fn events(shop: &BoxOffice, search: &str) -> Vec<EventView> {
        let query = EventQuery::published(shop.now(), PageRequest::FIRST).matching(search);
        shop.catalog().events(query).await.unwrap().rows
    }

    #[tokio::test]
    async fn two_halls_have_two_thousand_and_twenty_thousand_seats() {
        let (shop, _) = demo_shop().await;
        let halls = shop.catalog().layouts(PageRequest::FIRST).await.unwrap().rows;
        let mut seats: Vec<_> = halls.iter().map(LayoutOutline::seat_count).collect();
        seats.sort_unstable();
        assert_eq!(seats, [2_000, 20_000]);
        for hall in &halls {
            let names: Vec<_> = hall.sections.iter().map(|section| section.name.as_str()).collect();
            assert_eq!(names, ["VIP", "R", "S", "A"]);
            let hall = shop.catalog().layout(hall.id).await.unwrap().unwrap();
            assert!(hall.layout.places().any(|(_, place)| place.accessible));
        }
    }

    #[tokio::test]
    async fn the_sold_out_event_was_sold_and_paid_for() {
        let (shop, gateway) = demo_shop().await;
        let sold_out =
            EventQuery::published(shop.now(), PageRequest::FIRST).with_status(EventStatus::SoldOut);
        let sold_out = shop.catalog().events(sold_out).await.unwrap().rows;
        assert_eq!(sold_out.len(), 1);
        let stock = sold_out[0].ticket_types[0].stock;
        assert_eq!((stock.sold, stock.held, stock.blocked), (stock.capacity, 0, 0));
        assert!(gateway.captures() > 1);
    }

    #[tokio::test]
    async fn every_event_is_found_in_korean_and_in_english() {
        let (shop, _) = demo_shop().await;
        let all = events(&shop, "").await;
        assert_eq!(all.len(), 4);
        for view in all {
            let details = view.event.details;
            let texts = [details.title, details.artist].into_iter().chain(details.keywords);
            let texts = texts.collect::<Vec<_>>();
            let korean = |text: &String| text.chars().any(|c| ('가'..='힣').contains(&c));
            assert!(texts.iter().any(korean) && texts.iter().any(|text| text.is_ascii()), "{texts:?}");
        }
        assert_eq!(events(&shop, "종이등대").await, events(&shop, "paper lighthouse").await);
        assert_eq!(events(&shop, "종이등대").await.len(), 1);
    }

    #[tokio::test]
    async fn a_shop_that_has_something_is_not_filled_again() {
        let (shop, _) = demo_shop().await;
        assert!(!is_empty(&shop).await.unwrap());
    }

    /// Fails if every id is new, as in a box office without [`DemoIds`].
    #[tokio::test]
    async fn of_many_that_find_a_store_empty_one_fills_it() {
        let store = Arc::new(MemoryStore::default());
        let mut begun = 0;
        for _ in 0..5 {
            let builder = BoxOffice::builder().store(Arc::clone(&store)).ids(Arc::new(DemoIds::default()));
            let shop = builder.gateway(Arc::new(TestGateway::default())).build().unwrap();
            begun += usize::from(begin(&shop).await.unwrap().is_some());
        }
        assert_eq!(begun, 1);
    }
}
