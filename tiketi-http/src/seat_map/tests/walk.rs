//! Random sequences of commands: every encoding shows the current seats, and a client that reads changes is up to
//! date.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use tiketi_core::{HoldRequest, SeatId};

use super::{Shop, buyer, bytes};

/// A command in a shop; it may be refused.
#[derive(Debug, Clone)]
enum Happening {
    Hold { who: u128, seat: usize },
    GiveBack { who: u128 },
    Block { seat: usize },
    Unblock { seat: usize },
    Wait { minutes: u64 },
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (1_u128..4, 0_usize..40).prop_map(|(who, seat)| Happening::Hold { who, seat }),
        1 => (1_u128..4).prop_map(|who| Happening::GiveBack { who }),
        1 => (0_usize..40).prop_map(|seat| Happening::Block { seat }),
        1 => (0_usize..40).prop_map(|seat| Happening::Unblock { seat }),
        1 => (1_u64..6).prop_map(|minutes| Happening::Wait { minutes }),
    ]
}

async fn happen(shop: &Shop, seats: &[SeatId], happening: &Happening) {
    let (box_office, event) = (&shop.box_office, shop.event);
    match happening {
        Happening::Hold { who, seat } => {
            let _ = box_office.sales().hold(HoldRequest::new(event, buyer(*who)).seats([seats[*seat]])).await;
        }
        Happening::GiveBack { who } => {
            let mine = box_office
                .sales()
                .reservations_of(buyer(*who), None, tiketi_core::PageRequest::FIRST)
                .await
                .unwrap();
            for reservation in mine.rows {
                let _ = box_office.sales().release(reservation.id, buyer(*who), None, None).await;
            }
        }
        Happening::Block { seat } => {
            let _ = box_office.catalog().block_seats(event, vec![seats[*seat]], "camera").await;
        }
        Happening::Unblock { seat } => {
            let _ = box_office.catalog().unblock_seats(event, vec![seats[*seat]]).await;
        }
        Happening::Wait { minutes } => shop.clock.advance(Duration::from_mins(*minutes)),
    }
}

/// A client that reads only the changes since its last read.
#[derive(Debug, Default)]
struct Client {
    version: u64,
    seats: BTreeMap<String, Value>,
}

impl Client {
    async fn catch_up(&mut self, shop: &Shop) {
        let map = shop.json(Some(self.version)).await;
        self.version = map["version"].as_u64().unwrap();
        for seat in map["seats"].as_array().unwrap() {
            self.seats.insert(seat["id"].as_str().unwrap().to_owned(), seat.clone());
        }
    }
}

async fn walk(happenings: Vec<Happening>) {
    // Forty seats, distributed over a hall of two segments.
    let shop = Shop::with_rows(15).await;
    let seats: Vec<_> = shop.seats().await.into_iter().step_by(7).collect();
    let mut client = Client::default();
    for step in &happenings {
        happen(&shop, &seats, step).await;
        assert!(bytes(shop.ask(None, &[]).await).await == shop.naive().await, "after {step:?}");
        // Readers of changes see the end of a hold only after the sweep.
        shop.box_office.jobs().tidy_once().await.unwrap();
        client.catch_up(&shop).await;
        let mut fresh = Client::default();
        fresh.catch_up(&shop).await;
        assert_eq!(client.seats, fresh.seats, "after {step:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn reading_changes_gives_the_same_seats_as_reading_the_map(happenings in vec(happening(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(walk(happenings));
    }
}
