//! The event that is sold.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tiketi_core::{
    BoxOffice, Currency, EventDetails, EventInput, Money, Row, SaleWindow, SeatLayout, Section,
    TicketTypeInput,
};

use crate::executor::Turn;
use crate::shop::{Shop, Stock};
use crate::world::{World, locked};

/// How long after the beginning the event starts.
const STARTS_IN: Duration = Duration::from_hours(48);

/// Makes the event while nothing strikes.
pub(super) fn set_up(world: &Arc<World>, shop: &Arc<Shop>) -> Result<Stock, String> {
    let made: Arc<Mutex<Option<Result<Stock, String>>>> = Arc::default();
    let (office, group) = shop.office_for_setup().ok_or("the shop cannot be built")?;
    let (output, of) = (Arc::clone(&made), Arc::clone(world));
    world.executor.spawn(group, async move {
        let stock = make(&of, &office).await;
        *locked(&output) = Some(stock);
    });
    while locked(&made).is_none() {
        if world.executor.turn() == Turn::Idle {
            break;
        }
    }
    world.executor.kill(group);
    let stock = locked(&made).take().unwrap_or_else(|| Err("the setup hangs".into()))?;
    shop.set_stock(stock.clone());
    world.open(stock.event);
    Ok(stock)
}

async fn make(world: &World, office: &BoxOffice) -> Result<Stock, String> {
    let setting = &world.setting;
    let won = |minor| Money::new(minor, Currency::KRW);
    let now = office.now();
    let sale = SaleWindow::new(now, now.after(STARTS_IN)).map_err(|error| error.to_string())?;
    let details =
        EventDetails::new("Evening of Lanterns", now.after(STARTS_IN), sale).waiting_room(setting.room);
    let mut input = EventInput::new(details, Currency::KRW);
    if setting.seats > 0 {
        let seats = u32::try_from(setting.seats).unwrap_or(1);
        let layout = SeatLayout::new("Harbour Hall", "Studio")
            .section(Section::new("Stalls", won(30_000)).row(Row::numbered("A", seats)));
        let layout = office.catalog().create_layout(layout, None).await.map_err(|error| error.to_string())?;
        input = input.seated(layout.id);
    }
    let last = setting.units.len().saturating_sub(1);
    for (at, units) in setting.units.iter().enumerate() {
        let price = if at == last { setting.last_price } else { 7_000 };
        input = input.ticket_type(TicketTypeInput::new(format!("Standing {at}"), won(price), *units));
    }
    let view = office.catalog().create_event(input).await.map_err(|error| error.to_string())?;
    let event = view.event.id;
    office.catalog().publish_event(event).await.map_err(|error| error.to_string())?;
    office.jobs().subscribe_once().await.map_err(|error| error.to_string())?;
    let map = office.catalog().seat_map(event, 0).await.map_err(|error| error.to_string())?;
    let seats = map.map(|map| map.seats.iter().map(|seat| seat.id).collect()).unwrap_or_default();
    let by_units = view.ticket_types.iter().filter(|ticket_type| ticket_type.name.starts_with("Standing"));
    Ok(Stock { event, seats, types: by_units.map(|ticket_type| ticket_type.id).collect() })
}
