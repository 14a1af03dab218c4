//! `rebuild-figures`: counts the figures again from the rows of reservations and payments.

use crate::failure::Failure;
use crate::output::print_line;
use crate::settings::Settings;
use crate::shop::Shop;

/// Counts everything, and prints how many reservations there were.
pub(crate) async fn run(settings: &Settings) -> Result<(), Failure> {
    if !settings.store.is_durable() {
        return Err(settings.store.not_durable("rebuild-figures"));
    }
    let shop = Shop::open(settings).await?;
    let counted = shop.box_office.jobs().rebuild_figures().await;
    let counted = counted.map_err(|error| Failure::during("the figures cannot be counted", &error));
    shop.close().await;
    print_line(&format!("counted {} reservations in {}", counted?, settings.time_zone))
}
