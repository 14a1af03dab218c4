//! Four events by fictional artists, at times relative to now.

use std::time::Duration;

use tiketi_core::{
    Currency, EventDetails, EventInput, Money, SaleWindow, TicketTypeInput, Timestamp, event::TermsOverride,
    time::EmptySaleWindow,
};

/// Most tickets of the sold-out event per buyer; it takes several buyers to sell it out.
pub(super) const CLUB_TICKETS_PER_BUYER: u32 = 4;

/// One event of the demo, in both languages.
struct Bill {
    title: &'static str,
    artist: &'static str,
    venue: &'static str,
    description: &'static str,
    keywords: &'static [&'static str],
}

/// On sale since yesterday, in the concert hall.
pub(super) fn on_sale(now: Timestamp) -> Result<EventInput, EmptySaleWindow> {
    let bill = Bill {
        title: "종이등대 단독 콘서트 〈밤의 항로〉",
        artist: "종이등대 (Paper Lighthouse)",
        venue: "한빛나루 아트홀 (Hanbitnaru Art Hall)",
        description: "종이등대의 첫 단독 공연. 좌석을 골라 예매하세요.\n\
                      The first concert of their own: choose your seats.",
        keywords: &["Paper Lighthouse", "Night Routes", "concert", "Hanbitnaru", "콘서트", "종이등대"],
    };
    event(&bill, evening(now, 0).before(days(1)), evening(now, 30), TermsOverride::default())
}

/// On sale in a week, in the dome.
pub(super) fn upcoming(now: Timestamp) -> Result<EventInput, EmptySaleWindow> {
    let bill = Bill {
        title: "Neon Persimmon World Tour: Orchard of Light",
        artist: "Neon Persimmon",
        venue: "은하너울 돔 (Eunha Neoul Dome)",
        description: "Two hours of light and brass under the dome. Tickets go on sale in a week.\n\
                      돔을 채우는 빛과 금관의 두 시간. 예매는 일주일 뒤에 열립니다.",
        keywords: &["네온홍시", "월드 투어", "빛의 과수원", "은하너울 돔", "Eunha Neoul Dome"],
    };
    event(&bill, evening(now, 7), evening(now, 60), TermsOverride::default())
}

/// On sale since yesterday, sold by quantity.
pub(super) fn general_admission(now: Timestamp) -> Result<EventInput, EmptySaleWindow> {
    let bill = Bill {
        title: "들바람 음악 축제 (Meadow Wind Festival)",
        artist: "이끼와 천둥, 유리 고래 (Moss and Thunder, Glass Whale)",
        venue: "물안개 공원 (Mulangae Park)",
        description: "하루 종일 서서 즐기는 야외 축제.\nA day in the open air, standing.",
        keywords: &["Meadow Wind Festival", "Moss and Thunder", "Glass Whale", "festival", "축제", "스탠딩"],
    };
    let event = event(&bill, evening(now, 0).before(days(1)), evening(now, 45), TermsOverride::default())?;
    Ok(event.ticket_type(tickets("스탠딩 (Standing)", 77_000, 3_000)).ticket_type(tickets(
        "잔디석 (Lawn)",
        55_000,
        1_500,
    )))
}

/// On sale since the day before yesterday, and small enough to be sold out by a few buyers.
pub(super) fn sold_out(now: Timestamp) -> Result<EventInput, EmptySaleWindow> {
    let bill = Bill {
        title: "Velvet Radish Club Night",
        artist: "Velvet Radish",
        venue: "골목 끝 클럽 (Alley's End Club)",
        description: "Forty people, one small stage.\n마흔 명과 작은 무대 하나.",
        keywords: &["벨벳무", "클럽 나이트", "골목 끝 클럽", "Alley's End"],
    };
    let terms = TermsOverride::default().max_seats_per_buyer(CLUB_TICKETS_PER_BUYER);
    let event = event(&bill, evening(now, 0).before(days(2)), evening(now, 14), terms)?;
    Ok(event.ticket_type(tickets("입장권 (Admission)", 33_000, 40)))
}

fn event(
    bill: &Bill,
    opens_at: Timestamp,
    starts_at: Timestamp,
    terms: TermsOverride,
) -> Result<EventInput, EmptySaleWindow> {
    let details = EventDetails::new(bill.title, starts_at, SaleWindow::new(opens_at, starts_at)?)
        .artist(bill.artist)
        .venue(bill.venue)
        .description(bill.description)
        .keywords(bill.keywords.iter().copied())
        .terms(terms);
    Ok(EventInput::new(details, Currency::KRW))
}

fn tickets(name: &str, price: i64, capacity: u32) -> TicketTypeInput {
    TicketTypeInput::new(name, Money::new(price, Currency::KRW), capacity)
}

fn days(count: u64) -> Duration {
    Duration::from_hours(24 * count)
}

/// Seven in the evening in Seoul, so many days from today; Korea keeps UTC+9 all year.
fn evening(now: Timestamp, in_days: u64) -> Timestamp {
    const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;
    let midnight = Timestamp::from_micros(now.as_micros() - now.as_micros().rem_euclid(DAY_MICROS));
    midnight.after(days(in_days)).after(Duration::from_hours(10))
}
