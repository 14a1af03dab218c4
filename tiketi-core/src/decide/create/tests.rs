use super::*;
use crate::catalog::{EventInput, TicketTypeInput};
use crate::clock::CountedIds;
use crate::decide::Scope;
use crate::decide::fixture::{Show, at, won};
use crate::id::TicketTypeId;
use crate::money::Currency;
use crate::seat_layout::{Row, SeatLayout, Section};
use crate::time::SaleWindow;

fn command(seed: u64, title: &str, second: u64) -> CreateEvent {
    let sale = SaleWindow::new(at(0), at(100)).unwrap();
    let standing = TicketTypeInput { name: "Standing".into(), price: won(30), capacity: 5 };
    let input = EventInput::new(EventDetails::new(title, at(200), sale), Currency::KRW).ticket_type(standing);
    let new = NewEvent::assemble(&input, None, &CountedIds::seeded(seed), at(second)).unwrap();
    CreateEvent::new(at(second), CommandKey::from_text("create", "one"), new)
}

fn create_checked(
    command: &CreateEvent,
    remembered: Option<&CreationRecord>,
    is_taken: bool,
) -> Result<CreationVerdict, CommandError<CreateRefused>> {
    create(&CheckedCreation::of(command)?, remembered, is_taken)
}

fn made(command: &CreateEvent) -> CreationRecord {
    match create_checked(command, None, false).unwrap() {
        CreationVerdict::Make(record) => record,
        CreationVerdict::Replay(id) => panic!("{id} was made before"),
    }
}

#[test]
fn a_repetition_with_other_ids_and_a_later_moment_gets_the_first_id() {
    let record = made(&command(1, "Paper Boats", 0));
    let again = command(2, "Paper Boats", 9);
    assert_ne!(again.id(), record.made);
    assert_eq!(create_checked(&again, Some(&record), false).unwrap(), CreationVerdict::Replay(record.made));
    // A repetition may have the same id, which exists by then.
    let same = command(1, "Paper Boats", 0);
    assert_eq!(create_checked(&same, Some(&record), true).unwrap(), CreationVerdict::Replay(record.made));
}

/// Fails if a layout is remembered under another id than its own.
#[test]
fn a_repeated_layout_gets_the_first_id() {
    let layout = |id| {
        let section = Section::new("R", won(100)).row(Row::numbered("A", 2));
        let layout = SeatLayout::new("Harbour Hall", "Studio").section(section);
        let id = LayoutId::from_uuid(Uuid::from_u128(id));
        CreateLayout::new(
            at(0),
            CommandKey::from_text("create", "one"),
            StoredLayout { id, layout, created_at: at(0) },
        )
    };
    let verdict = |command: &CreateLayout, remembered| {
        create(&CheckedCreation::of(command).unwrap(), remembered, false).unwrap()
    };
    let CreationVerdict::Make(record) = verdict(&layout(1), None) else { panic!("nothing was made before") };
    assert_eq!(record.made, Uuid::from_u128(1));
    assert_eq!(verdict(&layout(2), Some(&record)), CreationVerdict::Replay(Uuid::from_u128(1)));
}

/// Fails if a ticket type is remembered under another id than its own, or kept with any text.
#[test]
fn a_repeated_ticket_type_gets_the_first_id_and_its_texts_are_checked() {
    let show = Show::open();
    let add = |id, name: &str| {
        let mut made = show.snapshot.ticket_type(show.standing).unwrap().clone();
        (made.id, made.name) = (TicketTypeId::from_uuid(Uuid::from_u128(id)), name.into());
        AddTicketType::new(at(0), CommandKey::from_text("create", "one"), made)
    };
    let first = CheckedCreation::of(&add(1, "Stalls")).map(|checked| create(&checked, None, false).unwrap());
    let Ok(CreationVerdict::Make(record)) = first else { panic!("nothing was made before") };
    assert_eq!(record.made, Uuid::from_u128(1));
    let again = add(2, "Stalls");
    let again = CheckedCreation::of(&again).map(|checked| create(&checked, Some(&record), false).unwrap());
    assert!(matches!(again, Ok(CreationVerdict::Replay(id)) if id == record.made));
    let bad = add(3, "a\0b");
    assert!(matches!(CheckedCreation::of(&bad), Err(error) if error.field == "name"));
}

#[test]
fn a_key_used_for_other_content_is_refused() {
    let record = made(&command(1, "Paper Boats", 0));
    let other = create_checked(&command(1, "Kites", 0), Some(&record), false);
    assert!(matches!(other, Err(CommandError::KeyReused)), "{other:?}");
    let mut other = command(1, "Paper Boats", 0);
    other.event.ticket_types[0].stock.capacity = 6;
    assert!(matches!(create_checked(&other, Some(&record), false), Err(CommandError::KeyReused)));
    let mut other = command(1, "Paper Boats", 0);
    other.event.ticket_types[0].price = won(31);
    assert!(matches!(create_checked(&other, Some(&record), false), Err(CommandError::KeyReused)));
}

#[test]
fn an_opening_at_the_moment_of_making_is_the_same_request_later() {
    let opening = |second: u64| {
        let mut it = command(1, "Paper Boats", second).opening_when_made();
        it.event.event.details.sale = SaleWindow::new(at(second), at(100)).unwrap();
        it
    };
    let record = made(&opening(0));
    assert_eq!(
        create_checked(&opening(5), Some(&record), false).unwrap(),
        CreationVerdict::Replay(record.made)
    );
    let mut fixed = opening(5);
    fixed.opens_when_made = false;
    assert!(matches!(create_checked(&fixed, Some(&record), false), Err(CommandError::KeyReused)));
}

#[test]
fn an_id_that_exists_and_a_text_that_no_store_keeps_are_refused() {
    let taken = create_checked(&command(1, "Paper Boats", 0), None, true).map_err(CommandError::refusal);
    assert_eq!(taken, Err(Some(CreateRefused::IdTaken)));
    let bad = create_checked(&command(1, "Paper Boats", 0).with_title("a\0b"), None, false);
    assert!(matches!(bad, Err(CommandError::Text(error)) if error.field == "title"));
}

impl CreateEvent {
    fn with_title(mut self, title: &str) -> Self {
        self.event.event.details.title = title.into();
        self
    }
}
