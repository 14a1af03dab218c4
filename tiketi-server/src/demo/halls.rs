//! Two fictional halls.

use tiketi_core::{Currency, Money, Row, SeatLayout, Section};

/// Name, price in won, rows, and seats a row.
type Part = (&'static str, i64, u32, u32);

/// A concert hall of 2,000 seats with two aisles.
pub(super) fn concert_hall() -> SeatLayout {
    let parts: [Part; 4] =
        [("VIP", 165_000, 5, 40), ("R", 143_000, 10, 50), ("S", 121_000, 12, 50), ("A", 99_000, 14, 50)];
    hall("한빛나루 아트홀 (Hanbitnaru Art Hall)", "대공연장 (Great hall)", &parts, &["10", "30"])
}

/// A dome of 20,000 seats with three aisles.
pub(super) fn dome() -> SeatLayout {
    let parts: [Part; 4] = [
        ("VIP", 187_000, 20, 100),
        ("R", 165_000, 50, 100),
        ("S", 143_000, 60, 100),
        ("A", 110_000, 70, 100),
    ];
    hall("은하너울 돔 (Eunha Neoul Dome)", "끝자락 무대 (End stage)", &parts, &["25", "50", "75"])
}

fn hall(venue: &str, name: &str, parts: &[Part], aisles: &[&str]) -> SeatLayout {
    parts.iter().fold(SeatLayout::new(venue, name), |hall, part| hall.section(section(part, aisles)))
}

/// Wheelchair users find places at both ends of each section's first row, where the cross aisle is.
fn section((name, price, rows, seats): &Part, aisles: &[&str]) -> Section {
    let section = Section::new(*name, Money::new(*price, Currency::KRW));
    (1..=*rows).fold(section, |section, number| {
        let row = Row::numbered(number.to_string(), *seats);
        let row = aisles.iter().fold(row, |row, seat| row.gap_after(seat));
        let last = seats.to_string();
        let row = if number == 1 { row.accessible(["1", last.as_str()]) } else { row };
        section.row(row)
    })
}
