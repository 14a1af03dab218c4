//! `import-layout`: a seating plan from a file into the store.

use std::fs;

use tiketi_core::{SeatLayout, Section};
use tiketi_http::layout_file::LayoutReader;

use crate::failure::Failure;
use crate::options::ImportLayout;
use crate::output::print_line;
use crate::settings::Settings;
use crate::shop::Shop;

/// Reads a plan, prints it, and stores it unless the store is memory.
pub(crate) async fn run(settings: Settings, plan: ImportLayout) -> Result<(), Failure> {
    let layout = read(&plan)?;
    print_line(&summary(&layout))?;
    if !settings.store.is_durable() {
        return print_line(
            "the plan is valid; it is not stored, because --store memory: ends with this command",
        );
    }
    let stored = Shop::open(&settings).await?.box_office.catalog().create_layout(layout, None).await;
    let stored = stored.map_err(|error| Failure::during("cannot store the layout", &error))?;
    print_line(&format!("stored as layout {}", stored.id))
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
