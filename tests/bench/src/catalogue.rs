//! `catalogue`: what a page of events costs in a shop of few and in one of many events.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tiketi_core::catalog::NewEvent;
use tiketi_core::decide::CreateEvent;
use tiketi_core::event::EventState;
use tiketi_core::store::{CatalogStore, EventQuery, EventSort};
use tiketi_core::{
    CommandKey, Currency, Event, EventDetails, EventId, EventStatus, Money, PageRequest, SaleWindow,
    TicketType, TicketTypeId, Timestamp,
    ticket_type::{Stock, TicketKind},
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::figures::{Timings, now, ratio};
use crate::shop::{Shop, Store};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The store.
    #[arg(long, default_value = "sqlite")]
    store: Store,
    /// Events of the small shop.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    few: u32,
    /// Events of the large shop.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    many: u32,
    /// How often each page is read.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    reads: u32,
}

/// Rows of a page.
const PAGE: u32 = 20;
/// Events that are created at the same time.
const AT_ONCE: usize = 128;
/// Performers and places, invented.
const ARTISTS: [&str; 6] =
    ["Loops of Amber", "별하늘 사중주단", "노을빛 밴드", "The Paper Lanterns", "새벽 합창단", "Orchard Trio"];
const VENUES: [&str; 4] = ["해오름 홀", "Harbour Hall", "달맞이 극장", "Cedar Theatre"];

/// Measures the chosen store.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    crate::runtime()?.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<(), Box<dyn Error>> {
    let few = pages(options, options.few).await?;
    let many = pages(options, options.many).await?;
    println!("{:<34} {:>12} {:>12} {:>8}", "median ms, events", options.few, options.many, "ratio");
    let (mut worst, mut rows) = (0.0_f64, Vec::new());
    for ((name, few), many) in few.iter().zip(many.values()) {
        let ratio = ratio(*many, *few);
        worst = worst.max(ratio);
        println!("{name:<34} {few:>12.3} {many:>12.3} {ratio:>8.2}");
        rows.push(json!({ "page": name, "few_ms": few, "many_ms": many, "ratio": ratio }));
    }
    println!(
        "{}",
        json!({
            "bench": "catalogue", "store": options.store.name(), "few": options.few, "many": options.many,
            "worst_ratio": worst, "pages": rows,
        })
    );
    Ok(())
}

/// Fills a shop, and returns the median of each page in milliseconds.
async fn pages(options: &Options, events: u32) -> Result<BTreeMap<&'static str, f64>, Box<dyn Error>> {
    let (shop, catalog) = Shop::open_catalogue(options.store).await?;
    let moment = shop.box_office.now();
    fill(&catalog, events, moment).await?;
    while !shop.box_office.jobs().announce_statuses_once().await?.done.is_empty() {}
    let first = EventQuery::published(moment, PageRequest::new(1, PAGE)?);
    let middle = shop.box_office.catalog().event(id(events / 2)).await?.ok_or("an event is gone")?;
    let by_title = first.clone().sorted(EventSort::Title);
    let mut pages = BTreeMap::new();
    for (name, query) in [
        ("first page", first.clone()),
        ("page 40", numbered(&first, 40)?),
        ("drafts too, newest", first.clone().with_drafts().sorted(EventSort::Newest)),
        ("by title", by_title.clone()),
        ("by title, from the middle on", by_title.after(EventSort::Title.key(&middle.event))),
        ("on sale", first.clone().with_status(EventStatus::OnSale)),
        ("on sale, newest", first.clone().with_status(EventStatus::OnSale).sorted(EventSort::Newest)),
        ("ended, by title", first.clone().with_status(EventStatus::Ended).sorted(EventSort::Title)),
        ("search: every third", first.clone().matching("콘서트")),
        ("search: one syllable", first.clone().matching("밤")),
        ("search: one in a hundred", first.clone().matching("백번째")),
        ("search: ten events", first.clone().matching("열개뿐")),
        ("search: ten events on sale", first.clone().matching("열개뿐").with_status(EventStatus::OnSale)),
        ("search: none", first.clone().matching("zzyzx")),
        ("search: two words, English", first.clone().matching("lantern harbour")),
    ] {
        pages.insert(name, median(&shop, &query, options.reads).await?);
    }
    Ok(pages)
}

fn numbered(query: &EventQuery, page: u32) -> Result<EventQuery, Box<dyn Error>> {
    let mut query = query.clone();
    query.page = PageRequest::new(page, PAGE)?;
    Ok(query)
}

/// Reads a page again and again.
async fn median(shop: &Shop, query: &EventQuery, reads: u32) -> Result<f64, Box<dyn Error>> {
    let mut timings = Timings::default();
    for _ in 0..reads {
        let before = now();
        shop.box_office.catalog().events(query.clone()).await?;
        timings.record(before.elapsed());
    }
    Ok(timings.percentile_ms(0.5))
}

async fn fill(catalog: &Arc<dyn CatalogStore>, events: u32, moment: Timestamp) -> Result<(), Box<dyn Error>> {
    let mut running = JoinSet::new();
    for at in 0..events {
        let (catalog, command) = (Arc::clone(catalog), created(at, events, moment)?);
        running.spawn(async move { catalog.create_event(command).await });
        if running.len() >= AT_ONCE {
            running.join_next().await.ok_or("no event is created")???;
        }
    }
    while let Some(created) = running.join_next().await {
        created??;
    }
    Ok(())
}

fn id(at: u32) -> EventId {
    EventId::from_uuid(Uuid::from_u128(1 << 64 | u128::from(at)))
}

/// Of a hundred events, ninety are over, five are on sale, three come later and two are drafts. No two start in the same
/// second.
fn created(at: u32, events: u32, moment: Timestamp) -> Result<CreateEvent, Box<dyn Error>> {
    let hour = Duration::from_hours(1);
    let own = Duration::from_secs(u64::from(at));
    let (opens_at, closes_at, state, announced) = match at % 100 {
        0..90 => (
            moment.before(hour * (at + 2)),
            moment.before(hour * (at % 1_000 + 1) + own),
            EventState::Published,
            EventStatus::Ended,
        ),
        90..95 => {
            (moment.before(hour), moment.after(hour * 100 + own), EventState::Published, EventStatus::OnSale)
        }
        95..98 => {
            (moment.after(hour), moment.after(hour * 200 + own), EventState::Published, EventStatus::Upcoming)
        }
        _ => (moment.after(hour), moment.after(hour * 200 + own), EventState::Draft, EventStatus::Upcoming),
    };
    let opens_at = opens_at.min(closes_at.before(hour));
    let details =
        EventDetails::new(title(at, events), closes_at.after(hour), SaleWindow::new(opens_at, closes_at)?)
            .artist(pick(&ARTISTS, at / 3))
            .venue(pick(&VENUES, at / 5))
            .description("A text that no list is filtered by. ".repeat(20))
            .keywords(["라이브", "live"]);
    let event = Event {
        id: id(at),
        details,
        currency: Currency::KRW,
        layout: None,
        state,
        announced,
        created_at: moment.before(hour * (events - at)),
        archived_at: None,
        version: 1,
    };
    let ticket_type = TicketType {
        id: TicketTypeId::from_uuid(Uuid::from_u128(2 << 64 | u128::from(at))),
        event: event.id,
        name: "Standing".into(),
        price: Money::new(55_000, Currency::KRW),
        kind: TicketKind::GeneralAdmission,
        stock: Stock { capacity: 1_000, held: 0, sold: 0, blocked: 0 },
        position: 0,
    };
    let key = CommandKey::from_uuid(Uuid::from_u128(3 << 64 | u128::from(at)));
    Ok(CreateEvent::new(moment, key, NewEvent { event, ticket_types: vec![ticket_type], seats: Vec::new() }))
}

fn pick<'t>(texts: &[&'t str], at: u32) -> &'t str {
    usize::try_from(at).ok().and_then(|at| texts.get(at % texts.len())).copied().unwrap_or_default()
}

/// Words that every third event, every hundredth, or ten events of any shop have in their titles.
fn title(at: u32, events: u32) -> String {
    let common = if at.is_multiple_of(3) { "콘서트" } else { "Evening" };
    let hundredth = if at % 100 == 91 { " 백번째" } else { "" };
    let tenth = if at % (events / 10).max(1) == 92 % (events / 10).max(1) { " 열개뿐" } else { "" };
    let night = if at.is_multiple_of(7) { "밤의 " } else { "" };
    format!("{night}{common} {}{hundredth}{tenth}", at.reverse_bits())
}
