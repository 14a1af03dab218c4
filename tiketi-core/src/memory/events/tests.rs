//! Pages of lists, compared with the rule for every event.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::decide::fixture::Show;
use crate::event::{Event, EventState};
use crate::store::{EventView, PageRequest};
use crate::ticket_type::Stock;
use crate::time::SaleWindow;

/// What may differ between two events; small numbers, so that many are alike.
#[derive(Debug, Clone)]
struct Sketch {
    id: u8,
    opens_at: u8,
    starts_at: u8,
    created_at: u8,
    word: u8,
    state: u8,
    announced: u8,
    is_archived: bool,
    any_left: bool,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let moments = (0u8..6, 0u8..6, 0u8..6);
    (0u8..24, moments, 0u8..5, 0u8..3, 0u8..5, any::<(bool, bool)>()).prop_map(
        |(id, (opens_at, starts_at, created_at), word, state, announced, (is_archived, any_left))| Sketch {
            id,
            opens_at,
            starts_at,
            created_at,
            word,
            state,
            announced,
            is_archived,
            any_left,
        },
    )
}

const WORDS: [&str; 5] = ["등대 concert", "등대의 밤", "lantern", "lanterns of 등", "콘서트"];
const SEARCHES: [&str; 6] = ["등", "등대", "lantern", "밤 등대", "  ", "zzyzx"];

fn at(second: u8) -> Timestamp {
    Timestamp::from_micros(i64::from(second) * 1_000_000)
}

/// Makes the rows of an event with one ticket type.
fn rows(sketch: &Sketch, template: &Show) -> Snapshot {
    let event = template.snapshot.event();
    let mut details = event.details.clone();
    details.title = WORDS[usize::from(sketch.word)].to_owned();
    details.starts_at = at(sketch.starts_at);
    details.sale = SaleWindow::new(at(sketch.opens_at), at(sketch.opens_at + 2)).unwrap();
    let state = match sketch.state {
        0 => EventState::Draft,
        1 => EventState::Published,
        _ => EventState::Cancelled { at: at(0) },
    };
    let event = Event {
        id: EventId::from_uuid(Uuid::from_u128(u128::from(sketch.id))),
        details,
        state,
        announced: EventStatus::ALL[usize::from(sketch.announced)],
        created_at: at(sketch.created_at),
        archived_at: sketch.is_archived.then(|| at(0)),
        ..event.clone()
    };
    let mut ticket_type = template.snapshot.ticket_type(template.free).unwrap().clone();
    let sold = if sketch.any_left { 0 } else { 5 };
    ticket_type.stock = Stock { capacity: 5, held: 0, sold, blocked: 0 };
    let mut rows = Snapshot::new(event);
    rows.put_ticket_type(ticket_type);
    rows
}

/// Returns what the rule lists, in its order.
fn listed<'r>(all: &'r [&Snapshot], query: &EventQuery) -> Vec<&'r Event> {
    let wanted = all.iter().filter(|rows| {
        let ticket_types = rows.ticket_types().cloned().collect();
        query.wants(&EventView { event: rows.event().clone(), ticket_types })
    });
    let mut found: Vec<&Event> = wanted.map(|rows| rows.event()).collect();
    found.sort_by(|a, b| query.sort.compare(a, b));
    found
}

fn assert_page(events: &Events, query: &EventQuery) {
    let all: Vec<&Snapshot> = events.rows.values().collect();
    let expected = Page::cut(listed(&all, query), query.page);
    let ids: Vec<EventId> = expected.rows.iter().map(|event| event.id).collect();
    let page = events.page(query);
    assert_eq!((page.rows, page.has_more), (ids, expected.has_more), "{query:?}");
    assert!(page.total <= expected.total, "{query:?}");
    assert!(!page.is_total_exact || page.total == expected.total, "{query:?}");
}

fn queries() -> Vec<EventQuery> {
    let page = PageRequest::new(1, 3).unwrap();
    let mut all = Vec::new();
    for (now, sort) in (0..9).flat_map(|now| EventSort::ALL.map(|sort| (now, sort))) {
        let query = EventQuery::published(at(now), page).sorted(sort);
        all.extend([query.clone(), query.clone().with_drafts(), query.clone().of_archive()]);
        all.push(EventQuery { page: PageRequest::new(2, 3).unwrap(), ..query.clone() });
        all.extend(EventStatus::ALL.map(|status| query.clone().with_status(status).with_drafts()));
        all.extend(SEARCHES.map(|search| query.clone().matching(search)));
        all.push(query.matching("등").with_status(EventStatus::OnSale));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Fails if an event stays in a list that it left, or a list is right only while clocks go forwards.
    #[test]
    fn a_page_is_what_the_rule_lists(
        made in prop::collection::vec(sketch(), 1..40),
        edited in prop::collection::vec(sketch(), 0..20),
        refiled_at in 0u8..9,
    ) {
        let template = Show::open();
        let mut events = Events::default();
        for new in made.iter().map(|sketch| rows(sketch, &template)) {
            events.remove(new.event().id);
            events.insert(new);
        }
        for new in edited.iter().map(|sketch| rows(sketch, &template)) {
            events.edit(new.event().id, |known| *known = new);
        }
        for id in events.late(at(refiled_at)) {
            let rows = events.get(&id).unwrap();
            let status = rows.event().status(at(refiled_at), rows.has_any_left());
            events.file_as(id, status);
        }
        for query in queries() {
            assert_page(&events, &query);
            let first = events.page(&query).rows.first().copied();
            if let Some(first) = first.and_then(|id| events.get(&id)) {
                assert_page(&events, &query.clone().after(query.sort.key(first.event())));
            }
        }
    }
}

/// Fails if the list of a status does not follow what sales leave.
#[test]
fn an_event_is_in_the_list_of_those_sold_out_once_its_last_ticket_is_sold() {
    let template = Show::open();
    let sketch = Sketch {
        id: 1,
        opens_at: 1,
        starts_at: 5,
        created_at: 0,
        word: 0,
        state: 1,
        announced: 1,
        is_archived: false,
        any_left: true,
    };
    let mut events = Events::default();
    events.insert(rows(&sketch, &template));
    let (id, now) = (EventId::from_uuid(Uuid::from_u128(1)), at(2));
    let listed = |events: &Events, status| {
        events.page(&EventQuery::published(now, PageRequest::FIRST).with_status(status)).rows
    };
    let sold = Stock { capacity: 5, held: 0, sold: 5, blocked: 0 };
    let change = Change { stock: vec![(template.free, sold)], ..Change::default() };
    events.apply(id, &change).unwrap();
    assert_eq!(listed(&events, EventStatus::SoldOut), [id]);
    assert_eq!(listed(&events, EventStatus::OnSale), []);
}
