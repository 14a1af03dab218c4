//! A buyer of one or two units of general admission.

use serde_json::{Value, json};

use crate::person::Person;
use crate::seated::pay;
use crate::shop::{LIMIT, ServerShop, id};

/// Buys one or two units, or what is left of them, and returns the buyer.
pub(crate) async fn come(shop: ServerShop, number: u128) -> Person {
    let buyer = Person::buyer(&shop.address, number);
    let wanted = if number.is_multiple_of(2) { LIMIT } else { 1 };
    if let Some(reservation) = hold(&shop, &buyer, wanted).await {
        pay(&buyer, &reservation, number).await;
    }
    buyer
}

/// Asks for the wanted quantity, then for the quantity that is left.
async fn hold(shop: &ServerShop, buyer: &Person, wanted: usize) -> Option<String> {
    let mut quantity = u64::try_from(wanted).unwrap();
    while quantity > 0 {
        let items = json!([{"ticketTypeId": shop.standing, "quantity": quantity}]);
        let answer = buyer.post("/api/reservations", &json!({"eventId": shop.event, "items": items})).await;
        if answer.status == 201 {
            return Some(id(&answer.ok::<Value>()["reservation"]["id"]));
        }
        let left = answer.refused("NOT_ENOUGH_LEFT")["shortages"][0]["available"].as_u64().unwrap();
        assert!(left < quantity, "{quantity} were refused with {left} left");
        quantity = left;
    }
    None
}
