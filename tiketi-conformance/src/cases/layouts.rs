//! Seat layouts are returned unchanged.

use tiketi_core::decide::{CreateLayout, CreateRefused};
use tiketi_core::{
    Clock, CommandError, CommandKey, Currency, IdSource, LayoutId, Money, PageRequest, Row, SeatLayout,
    Section,
    clock::{CountedIds, ManualClock},
    seat_layout::{LayoutOutline, StoredLayout},
    store::LayoutStore,
};

use crate::handles::Handles;
use crate::shop::START;

fn stored(ids: &CountedIds, venue: &str, name: &str) -> StoredLayout {
    let section = Section::new("Parkett", Money::new(4_950, Currency::EUR))
        .row(Row::numbered("A", 12).gap_after("6").accessible(["1", "12"]))
        .row(Row::lettered("가", 3));
    let balcony = Section::new("Balcony", Money::new(0, Currency::EUR)).row(Row::of("1", ["L", "R"]));
    let layout = SeatLayout::new(venue, name).section(section).section(balcony);
    let created_at = ManualClock::at(START.parse().unwrap()).now();
    StoredLayout { id: LayoutId::from_uuid(ids.next()), layout, created_at }
}

/// Returns the command that creates a layout; its key is derived from the seed of ids and the layout.
fn made(layout: StoredLayout) -> CreateLayout {
    let key = CommandKey::of(layout.id.as_uuid(), &layout.layout.name);
    CreateLayout::new(layout.created_at, key, layout)
}

/// Fails if a section, row, gap, price or accessible seat is lost.
pub async fn a_layout_is_read_as_it_was_drawn(stores: Handles<dyn LayoutStore>) {
    let layout = stored(&CountedIds::seeded(1), "Hafenhalle", "Great hall, “with pit”");
    stores.any().create_layout(made(layout.clone())).await.unwrap();
    assert_eq!(stores.any().layout(layout.id).await.unwrap(), Some(layout));
}

/// Fails if creating a layout a second time replaces it.
pub async fn a_layout_that_exists_is_not_replaced(stores: Handles<dyn LayoutStore>) {
    let first = stored(&CountedIds::seeded(2), "Hafenhalle", "First");
    stores.any().create_layout(made(first.clone())).await.unwrap();
    let mut second = first.clone();
    second.layout.name = "Second".into();
    second.layout.sections[0].price = Money::new(1, Currency::KRW);
    let refused = stores.any().create_layout(made(second)).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(CreateRefused::IdTaken));
    assert_eq!(stores.any().layout(first.id).await.unwrap(), Some(first));
}

/// Fails if the listing is not sorted by venue and name, if its pages lack layouts, or if it counts other seats.
pub async fn layouts_are_listed_by_venue_and_name(stores: Handles<dyn LayoutStore>) {
    let ids = CountedIds::seeded(3);
    let mut sorted = Vec::new();
    for (venue, name) in [("B", "1"), ("A", "2"), ("a", "0"), ("A", "1"), ("가", "1"), ("A", "2")] {
        let layout = stored(&ids, venue, name);
        stores.any().create_layout(made(layout.clone())).await.unwrap();
        sorted.push(layout.outline());
    }
    let key = |outline: &LayoutOutline| (outline.venue.clone(), outline.name.clone(), outline.id);
    sorted.sort_by_key(key);
    let mut listed = Vec::new();
    for number in 1..=3 {
        let page = stores.any().layouts(PageRequest::new(number, 4).unwrap()).await.unwrap();
        assert_eq!((page.total, page.rows.len()), (6, [4, 2, 0][number as usize - 1]));
        listed.extend(page.rows);
    }
    assert_eq!(listed, sorted);
}

/// Fails if a removed layout is still returned, or if removing an unknown one counts as a removal.
pub async fn a_layout_is_removed_once(stores: Handles<dyn LayoutStore>) {
    let ids = CountedIds::seeded(4);
    let (gone, stays) = (stored(&ids, "A", "1"), stored(&ids, "A", "2"));
    stores.any().create_layout(made(gone.clone())).await.unwrap();
    stores.any().create_layout(made(stays.clone())).await.unwrap();
    assert!(stores.any().delete_layout(gone.id).await.unwrap());
    assert!(!stores.any().delete_layout(gone.id).await.unwrap());
    assert_eq!(stores.any().layout(gone.id).await.unwrap(), None);
    assert_eq!(stores.any().layouts(PageRequest::FIRST).await.unwrap().rows, [stays.outline()]);
}

/// Fails if a repeated request, after a lost answer, creates a second layout, or if its key can be used for another
/// layout.
pub async fn a_layout_asked_for_twice_is_made_once(stores: Handles<dyn LayoutStore>) {
    let ids = CountedIds::seeded(9);
    let key = CommandKey::from_uuid(ids.next());
    let ask = |name: &str| CreateLayout::new(START.parse().unwrap(), key, stored(&ids, "Harbour Hall", name));
    let first = stores.any().create_layout(ask("Great hall")).await.unwrap();
    let again = stores.any().create_layout(ask("Great hall")).await.unwrap();
    assert_eq!((first.replayed, again.id, again.replayed), (false, first.id, true));
    let other = stores.any().create_layout(ask("Small hall")).await;
    assert!(matches!(other, Err(CommandError::KeyReused)), "{other:?}");
    assert_eq!(stores.any().layouts(PageRequest::FIRST).await.unwrap().total, 1);
}

/// Sets a text that stores refuse in one field.
type Spoil = fn(&mut SeatLayout);

/// Fails if a layout is stored with a text that stores refuse.
pub async fn a_layout_no_store_keeps_is_refused_by_its_field(stores: Handles<dyn LayoutStore>) {
    use crate::cases::texts::{NUL, refuses};
    let ids = CountedIds::seeded(10);
    let spoils: [(&str, Spoil); 5] = [
        ("venue", |it| it.venue = NUL.into()),
        ("name", |it| it.name = NUL.into()),
        ("section", |it| it.sections[0].name = NUL.into()),
        ("row", |it| it.sections[0].rows[0].label = NUL.into()),
        ("number", |it| it.sections[0].rows[0].seats[0].number = NUL.into()),
    ];
    for (field, spoil) in spoils {
        let mut bad = stored(&ids, "Harbour Hall", "Great hall");
        spoil(&mut bad.layout);
        refuses(stores.any().create_layout(made(bad)).await, field);
    }
    assert_eq!(stores.any().layouts(PageRequest::FIRST).await.unwrap().total, 0);
}
