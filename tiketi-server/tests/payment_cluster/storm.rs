//! Many buyers pay and ask for refunds, while servers are killed and the provider fails.

use std::time::Duration;

use futures::future::join;
use futures::stream::{self, StreamExt};
use serde_json::{Value, json};
use tiketi_server_harness::{DEADLINE, Fleet, SERVERS, ServerShop, text, token};
use tiketi_toss_stub::{Call, Fault, TossStub};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::cluster::{PATIENT, PaymentCluster};

const BUYERS: usize = 120;
/// Most buyers who are served at the same time.
const AT_ONCE: usize = 12;
/// For each kill, the number of confirms that the provider has received before it.
const DEATHS: [usize; SERVERS] = [15, 35, 55];
const BACK_AFTER: usize = 10;
/// Pause of a buyer after a server did not answer.
const PAUSE: Duration = Duration::from_millis(20);

/// A buyer of one seat, who continues at the next server if one does not answer.
struct Buyer<'m> {
    client: &'m reqwest::Client,
    addresses: &'m [String],
    shop: &'m ServerShop,
    stub: &'m TossStub,
    seat: usize,
    token: String,
    server: usize,
}

impl Buyer<'_> {
    /// Sends a request until an answer arrives. Earlier attempts may have taken effect.
    async fn send(
        &mut self,
        request: impl Fn(&reqwest::Client, &str) -> reqwest::RequestBuilder,
    ) -> (u16, Value) {
        loop {
            let base = format!("http://{}", self.addresses[self.server % SERVERS]);
            let sent = request(self.client, &base).bearer_auth(&self.token).send().await;
            if let Ok(answer) = sent
                && answer.status().as_u16() != 503
            {
                let status = answer.status().as_u16();
                if let Ok(said) = answer.json().await {
                    return (status, said);
                }
            }
            self.server += 1;
            sleep(PAUSE).await;
        }
    }

    async fn post(&mut self, path: &str, body: &Value) -> (u16, Value) {
        self.send(|client, base| client.post(format!("{base}{path}")).json(body)).await
    }

    /// Holds the seat, and returns the reservation.
    async fn hold(&mut self) -> String {
        let body = json!({"eventId": self.shop.event, "seatIds": [self.shop.seats[self.seat]]});
        let (status, said) = self.post("/api/reservations", &body).await;
        if status == 201 {
            return text(&said["reservation"]["id"]);
        }
        // An earlier request held the seat, but its answer was lost: no other buyer wants this seat.
        let (_, mine) = self.send(|client, base| client.get(format!("{base}/api/reservations/my"))).await;
        text(&mine["reservations"][0]["id"])
    }

    /// Buys the seat; every third buyer asks for a refund.
    async fn come(mut self) {
        let reservation = self.hold().await;
        let body = json!({"reservationId": reservation, "method": "toss_card"});
        let (status, prepared) = self.post("/api/payments/prepare", &body).await;
        assert_eq!(status, 200, "{prepared}");
        let (order, amount) = (text(&prepared["orderId"]), prepared["amount"].as_i64().unwrap());
        let key = self.stub.authenticate(&order, amount).unwrap();
        let body = json!({"orderId": order, "paymentKey": key, "amount": amount});
        let (status, said) = self.post("/api/payments/confirm", &body).await;
        assert!(matches!(status, 200 | 202 | 402), "{status} {said}");
        if status == 200 && self.seat.is_multiple_of(3) {
            let path = format!("/api/payments/{order}/cancel");
            let (status, said) = self.post(&path, &json!({"cancelReason": "rain"})).await;
            assert!(matches!(status, 200 | 202 | 409), "{status} {said}");
        }
    }
}

/// Runs all buyers, `AT_ONCE` of them concurrently.
async fn crowd(addresses: &[String], shop: &ServerShop, stub: &TossStub) {
    let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();
    let client = &client;
    let visits = (0..BUYERS).map(|seat| {
        let token = token(Uuid::from_u64_pair(7, seat as u64));
        Buyer { client, addresses, shop, stub, seat, token, server: seat }.come()
    });
    stream::iter(visits).buffer_unordered(AT_ONCE).for_each(|()| async {}).await;
}

/// Makes the next requests fail, each in a different way.
fn spoil(stub: &TossStub) {
    stub.fail_next(Fault::cut(Call::Confirm).after_effect());
    stub.fail_next(Fault::unreadable(Call::Lookup, 502));
    stub.fail_next(Fault::cut(Call::Confirm));
    stub.fail_next(Fault::unreadable(Call::Confirm, 500).after_effect());
    stub.fail_next(Fault::code(Call::Confirm, "REJECT_CARD_COMPANY"));
    stub.fail_next(Fault::twice(Call::Confirm));
    stub.fail_next(Fault::cut(Call::Cancel).after_effect());
    stub.fail_next(Fault::unreadable(Call::Cancel, 500));
}

/// Kills each server once; the server before has started again by then.
async fn storm(fleet: &mut Fleet, stub: &TossStub) {
    let asked = async |times| {
        timeout(DEADLINE, stub.until_asked(Call::Confirm, times)).await.expect("the sale stands still");
    };
    for (server, confirms) in DEATHS.into_iter().enumerate() {
        asked(confirms).await;
        spoil(stub);
        fleet.kill(server).await;
        asked(confirms + BACK_AFTER).await;
        fleet.start(server).await;
    }
}

#[tokio::test]
async fn in_a_storm_every_buyer_is_served_or_refunded_to_the_won() {
    let options = [&PATIENT[..], &["--request-timeout=3s"]].concat();
    let mut cluster = PaymentCluster::over(tiketi_postgres_harness::Server::shared().await, &options).await;
    let (addresses, shop) = (cluster.fleet.addresses.clone(), cluster.fleet.shop.clone());
    let sale = join(crowd(&addresses, &shop, &cluster.stub), storm(&mut cluster.fleet, &cluster.stub));
    timeout(2 * DEADLINE, sale).await.expect("the sale never ends");
    cluster.close().await;
}
