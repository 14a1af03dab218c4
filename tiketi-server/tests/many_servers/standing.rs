//! A buyer of one unit of general admission.

use serde_json::json;

use crate::buyer::{Answer, Buyer};
use crate::sale::Visit;

/// Buys one unit, if one is left.
pub(crate) async fn visit(mut buyer: Buyer) -> Visit {
    let items = json!([{ "ticketTypeId": buyer.sale.shop.standing, "quantity": 1 }]);
    let body = json!({ "eventId": buyer.sale.shop.event, "items": items });
    match buyer.post("/api/reservations", &body).await {
        Answer::Done(held) => buyer.pay(held["reservation"]["id"].as_str().unwrap().to_owned()).await,
        Answer::Refused(code, details) => {
            assert_eq!(code, "NOT_ENOUGH_LEFT", "{details}");
            assert_eq!(details["shortages"][0]["available"], 0, "{details}");
            Visit::Left
        }
        Answer::Lost => panic!("nothing fails here"),
    }
}
