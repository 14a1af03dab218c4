//! `import-layout`: a seating plan from a file into the store.

use std::fs;

use tiketi_core::box_office::OrganiseError;
use tiketi_core::clock::{SystemClock, TimeOrderedIds};
use tiketi_core::id::LogEntryId;
use tiketi_core::seat_layout::StoredLayout;
use tiketi_core::staff_log::{LogEntry, LogOutcome, LogSubject};
use tiketi_core::store::recorded;
use tiketi_core::{IdSource, SeatLayout, Section};
use tiketi_http::layout_file::LayoutReader;

use crate::failure::Failure;
use crate::options::ImportLayout;
use crate::output::print_line;
use crate::settings::Settings;
use crate::shop::Shop;

/// The action in the log of staff.
const ACTION: &str = "import-layout";

/// Reads a plan, prints it, and stores it unless the store is memory.
pub(crate) async fn run(settings: Settings, plan: ImportLayout) -> Result<(), Failure> {
    let layout = read(&plan)?;
    print_line(&summary(&layout))?;
    if !settings.store.is_durable() {
        return print_line(
            "the plan is valid; it is not stored, because --store memory: ends with this command",
        );
    }
    let stored = store(&Shop::open(&settings).await?, layout).await;
    let stored = stored.map_err(|error| Failure::during("cannot store the layout", &error))?;
    print_line(&format!("stored as layout {}", stored.id))
}

/// Stores a layout, and records it in the log of staff.
async fn store(shop: &Shop, layout: SeatLayout) -> Result<StoredLayout, OrganiseError> {
    let entry =
        LogEntry::of_operator(LogEntryId::from_uuid(TimeOrderedIds.next()), shop.box_office.now(), ACTION);
    let after = serde_json::json!({
        "venue": layout.venue, "name": layout.name, "seats": layout.seat_count(),
    });
    let work = async {
        let stored = shop.box_office.catalog().create_layout(layout, None).await?;
        let mut outcome = LogOutcome::done(shop.box_office.now());
        outcome.subject = Some(LogSubject::new("layouts", stored.id.as_uuid()));
        outcome.after = Some(after.to_string());
        Ok((stored, outcome))
    };
    recorded(shop.staff_log.as_ref(), &SystemClock, entry, work).await
}

fn read(plan: &ImportLayout) -> Result<SeatLayout, Failure> {
    let shown = plan.file.display();
    let json = fs::read(&plan.file);
    let json = json.map_err(|error| Failure::during(format!("cannot read {shown}"), &error))?;
    let mut reader = LayoutReader::new();
    reader = plan.currency.map_or(reader.clone(), |currency| reader.currency(currency));
    if let Some(venue) = &plan.venue {
        reader = reader.venue(venue);
    }
    for (category, amount) in &plan.price {
        reader = reader.price(category, *amount);
    }
    reader.read(&json).map_err(|error| {
        use tiketi_http::layout_file::LayoutFileError as Fault;
        let advice = match error {
            Fault::CurrencyMissing => "; give it as --currency KRW",
            Fault::Unpriced { .. } => "; give one for each, as in --price VIP=150000",
            _ => "",
        };
        Failure::new(format!("{shown}: {error}{advice}"))
    })
}

fn summary(layout: &SeatLayout) -> String {
    let sections = layout.sections.len();
    let head =
        format!("{}, {}: {} seats, sections: {sections}", layout.venue, layout.name, layout.seat_count());
    let width = layout.sections.iter().map(|section| section.name.chars().count()).max().unwrap_or(0);
    let lines = layout.sections.iter().map(|section| line(section, width));
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}

fn line(section: &Section, width: usize) -> String {
    let (rows, seats) = (section.rows.len(), section.seat_count());
    let accessible = section.rows.iter().flat_map(|row| &row.seats).filter(|seat| seat.accessible).count();
    let price = section.price;
    format!(
        "  {:width$}  rows {rows:>3}  seats {seats:>5}  accessible {accessible:>3}  {price}",
        section.name
    )
}
