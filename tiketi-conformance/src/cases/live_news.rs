//! Live news between servers: to the own process at once, to every other one soon, and to its audience only.
//!
//! A broadcast may lose what is sent before another server listens, so a case first sends until that server receives.

use std::sync::Arc;
use std::time::Duration;

use tiketi_core::broadcast::{
    AnyMessage, Audience, Broadcast, BuyerOnly, EventRoom, Listener, Message, PrivateNews, PublicNews,
    Received, SeatsDelta,
};
use tiketi_core::event::EventStatus;
use tiketi_core::fact::{SeatChanged, SeatStatus};
use tiketi_core::{BuyerId, EventId, ReservationId, SeatId, TicketTypeId};
use tokio::time::timeout;
use uuid::Uuid;

use crate::handles::Handles;

type Broadcasts = Handles<dyn Broadcast>;

/// Longer than any message needs on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a message is waited for before it is sent again.
const RESEND_AFTER: Duration = Duration::from_millis(100);

fn room(number: u128) -> EventRoom {
    EventRoom(EventId::from_uuid(Uuid::from_u128(number)))
}

fn buyer(number: u128) -> BuyerOnly {
    BuyerOnly(BuyerId::from_uuid(Uuid::from_u128(number)))
}

fn stock(available: u32) -> PublicNews {
    PublicNews::Stock { ticket_type: TicketTypeId::from_uuid(Uuid::nil()), available }
}

fn seats(version: u64) -> PublicNews {
    let seat = SeatChanged::new(SeatId::from_uuid(Uuid::nil()), SeatStatus::Held, version);
    PublicNews::Seats(SeatsDelta { since: version - 1, version, changes: [seat].into() })
}

fn confirmed(number: u128) -> PrivateNews {
    let (event, reservation) = (room(1).0, ReservationId::from_uuid(Uuid::from_u128(number)));
    PrivateNews::ReservationConfirmed { event, reservation }
}

/// The server that sends, and another one; a broadcast within one process has one for both.
fn servers(broadcasts: &Broadcasts) -> (Arc<dyn Broadcast>, Arc<dyn Broadcast>) {
    let all = broadcasts.all();
    let last = all.last().expect("there is one");
    (Arc::clone(&all[0]), Arc::clone(last))
}

/// Returns what a listener has received, without gaps.
fn received<A: Audience>(listener: &mut Listener<A>) -> Vec<A::News> {
    let received = std::iter::from_fn(|| listener.try_next());
    received
        .filter_map(|received| match received {
            Received::News(news) => Some(news),
            Received::Gap => None,
        })
        .collect()
}

/// Waits for news for which something holds.
async fn until<A: Audience>(listener: &mut Listener<A>, holds: impl Fn(&A::News) -> bool) {
    let arrives = async {
        loop {
            match listener.next().await {
                Received::News(news) if holds(&news) => return,
                Received::News(_) | Received::Gap => {}
            }
        }
    };
    timeout(PATIENCE, arrives).await.expect("the news do not arrive");
}

/// Sends a message until a listener receives something.
async fn begin<A: Audience>(from: &dyn Broadcast, listener: &mut Listener<A>, news: A::News)
where
    AnyMessage: From<Message<A>>,
{
    let begins = async {
        loop {
            from.publish(Message::new(listener.audience(), news.clone()).into());
            match timeout(RESEND_AFTER, listener.next()).await {
                Ok(Received::News(_)) => return,
                Ok(Received::Gap) | Err(_) => {}
            }
        }
    };
    timeout(PATIENCE, begins).await.expect("messages do not arrive");
}

/// Fails if listeners of the process that sends have to wait, or if stores would send them nothing.
pub async fn listeners_of_the_own_process_hear_a_message_at_once(broadcasts: Broadcasts) {
    let (here, _) = servers(&broadcasts);
    let mut listener = here.listen(room(1));
    let mut own = here.listen_to_buyer(buyer(1));
    assert!(here.has_listener(room(1)) && here.has_buyer_listener());
    let news = [seats(2), stock(7), PublicNews::Status { status: EventStatus::SoldOut }];
    for news in news.clone() {
        here.publish(Message::new(room(1), news).into());
    }
    here.publish(Message::new(buyer(1), confirmed(1)).into());
    assert_eq!(received(&mut listener), news);
    assert_eq!(received(&mut own), [confirmed(1)]);
    here.publish(Message::new(room(1), stock(8)).into());
    until(&mut listener, |news| *news == stock(8)).await;
}

/// Fails if a message does not reach another server, or if a later one of its kind is lost.
pub async fn another_server_hears_the_latest_of_each_kind(broadcasts: Broadcasts) {
    let (here, there) = servers(&broadcasts);
    let mut listener = there.listen(room(1));
    begin(&*here, &mut listener, stock(1_000)).await;
    (0..200).for_each(|available| here.publish(Message::new(room(1), stock(available)).into()));
    until(&mut listener, |news| *news == stock(199)).await;
    let status = PublicNews::Status { status: EventStatus::Ended };
    here.publish(Message::new(room(1), status.clone()).into());
    until(&mut listener, |news| *news == status).await;
}

/// Fails if another server does not hear that seats changed, either which or up to which map version.
pub async fn another_server_hears_that_seats_changed(broadcasts: Broadcasts) {
    let (here, there) = servers(&broadcasts);
    let mut listener = there.listen(room(1));
    begin(&*here, &mut listener, stock(1)).await;
    (2..=40).for_each(|version| here.publish(Message::new(room(1), seats(version)).into()));
    let is_last = |news: &PublicNews| *news == seats(40) || *news == PublicNews::MapVersion { version: 40 };
    until(&mut listener, is_last).await;
}

/// Fails if a message reaches another room.
pub async fn rooms_are_apart(broadcasts: Broadcasts) {
    let (here, there) = servers(&broadcasts);
    let (mut listener, mut elsewhere) = (there.listen(room(1)), there.listen(room(2)));
    begin(&*here, &mut elsewhere, stock(1)).await;
    begin(&*here, &mut listener, stock(2)).await;
    here.publish(Message::new(room(1), stock(3)).into());
    until(&mut listener, |news| *news == stock(3)).await;
    // What was sent before it would have come before it.
    here.publish(Message::new(room(2), stock(4)).into());
    until(&mut elsewhere, |news| *news != stock(1)).await;
    assert!(received(&mut elsewhere).iter().all(|news| *news == stock(4)));
    assert!(received(&mut listener).iter().all(|news| *news != stock(4)));
}

/// Fails if news of a buyer do not reach that buyer on every server, or reach anyone else.
pub async fn news_of_a_buyer_reach_that_buyer_only(broadcasts: Broadcasts) {
    let (here, there) = servers(&broadcasts);
    let (mut ada, mut ben) = (there.listen_to_buyer(buyer(1)), there.listen_to_buyer(buyer(2)));
    let (mut ben_here, mut everyone) = (here.listen_to_buyer(buyer(2)), there.listen(room(1)));
    begin(&*here, &mut ada, confirmed(1)).await;
    begin(&*here, &mut ben, confirmed(2)).await;
    for number in 10..20 {
        here.publish(Message::new(buyer(1), confirmed(number)).into());
    }
    until(&mut ada, |news| *news == confirmed(19)).await;
    here.publish(Message::new(buyer(2), confirmed(3)).into());
    until(&mut ben, |news| *news == confirmed(3)).await;
    let of_ben = [confirmed(2), confirmed(3)];
    assert!(received(&mut ben).iter().chain(&received(&mut ben_here)).all(|news| of_ben.contains(news)));
    assert_eq!(received(&mut everyone), []);
}
