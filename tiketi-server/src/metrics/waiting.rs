//! Metrics of waiting rooms and of facts that wait for delivery.
//!
//! What a whole shop has is read from its stores when Prometheus asks, so every server shows the same. What this server
//! did is counted.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tiketi_core::metrics::AdmissionMeasured;
use tiketi_core::store::SubscriberStatus;
use tiketi_core::waiting_room::{AdaptiveRate, Room};
use tiketi_core::{BoxOffice, StoreError, Timestamp};

use super::{Counters, seconds};

/// Most events with labels of their own; the smaller rooms beyond them are summed under [`OTHER`].
const MOST_EVENTS: usize = 64;
/// Most rooms that are read.
const MOST_ROOMS: usize = 256;
/// The label of the rooms that have none of their own.
const OTHER: &str = "other";

type Level = Gauge<f64, AtomicU64>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UsersLabels {
    event: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    event: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HoldLabels {
    outcome: &'static str,
}

/// The metrics of waiting rooms.
#[derive(Debug)]
pub(super) struct WaitingMetrics {
    users: Family<UsersLabels, Gauge>,
    served: Family<EventLabels, Level>,
    adaptive: Family<EventLabels, Gauge>,
    called: Counter,
    lapsed: Counter,
    admission_seconds: Histogram,
    decisions: Counters<DecisionLabels>,
    hold_latency: Level,
    holds: Family<HoldLabels, Gauge>,
    outbox_lag: Level,
    outbox_facts: Gauge,
}

impl Default for WaitingMetrics {
    fn default() -> Self {
        Self {
            users: Family::default(),
            served: Family::default(),
            adaptive: Family::default(),
            called: Counter::default(),
            lapsed: Counter::default(),
            admission_seconds: seconds(),
            decisions: Family::default(),
            hold_latency: Level::default(),
            holds: Family::default(),
            outbox_lag: Level::default(),
            outbox_facts: Gauge::default(),
        }
    }
}

impl WaitingMetrics {
    /// Registers the metrics under a registry that has the shop's prefix.
    pub(super) fn register(&self, registry: &mut Registry) {
        let users = "Buyers in the waiting room of an event, in the whole shop";
        registry.register("queue_users", users, self.users.clone());
        let served = "Numbers that the line of an event passes in a minute, measured";
        registry.register("queue_served_per_minute", served, self.served.clone());
        let adaptive = "Adaptive admission rate of an event, in buyers a minute";
        registry.register("queue_adaptive_per_minute", adaptive, self.adaptive.clone());
        registry.register("queue_called", "Buyers that this server called", self.called.clone());
        let lapsed = "Turns and sessions that this server recorded as lapsed";
        registry.register("queue_lapsed", lapsed, self.lapsed.clone());
        let took = "Time of an admission that this server made, in seconds";
        registry.register("queue_admission_duration_seconds", took, self.admission_seconds.clone());
        let decisions = "Decisions of this server about adaptive rates";
        registry.register("queue_rate_decisions", decisions, self.decisions.clone());
        let latency = "95th percentile of hold times that the latest decision was made from, in seconds";
        registry.register("queue_hold_latency_seconds", latency, self.hold_latency.clone());
        let holds = "Holds that the latest decision was made from";
        registry.register("queue_holds", holds, self.holds.clone());
        let lag = "Age of the oldest fact that waits for delivery, in seconds, in the whole shop";
        registry.register("outbox_lag_seconds", lag, self.outbox_lag.clone());
        let facts = "Facts that wait for delivery, counted for each subscriber, in the whole shop";
        registry.register("outbox_facts", facts, self.outbox_facts.clone());
    }

    /// Counts an admission of this server.
    pub(super) fn admission(&self, measured: &AdmissionMeasured<'_>) {
        self.called.inc_by(measured.called as u64);
        self.lapsed.inc_by(measured.lapsed as u64);
        self.admission_seconds.observe(measured.took.as_secs_f64());
        if let Some(AdaptiveRate { reason, load, .. }) = measured.decided {
            self.decisions.get_or_create(&DecisionLabels { reason: reason.word() }).inc();
            self.hold_latency.set(load.latency.as_secs_f64());
            for (outcome, count) in
                [("decided", load.holds), ("contended", load.contended), ("unavailable", load.unavailable)]
            {
                self.holds.get_or_create(&HoldLabels { outcome }).set(i64::from(count));
            }
        }
    }

    /// Reads the rooms of the shop.
    pub(super) async fn read_rooms(&self, box_office: &BoxOffice) -> Result<(), StoreError> {
        let rooms = box_office.waiting_room().busy_rooms(MOST_ROOMS).await?;
        self.show_rooms(rooms);
        Ok(())
    }

    /// Reads how far deliveries are behind.
    pub(super) async fn read_outbox(&self, box_office: &BoxOffice) -> Result<(), StoreError> {
        let subscribers = box_office.jobs().subscribers().await?;
        self.show_outbox(&subscribers, box_office.now());
        Ok(())
    }

    fn show_rooms(&self, mut rooms: Vec<Room>) {
        // A room that has emptied is not listed any more, and must not keep its last figures.
        self.users.clear();
        self.served.clear();
        self.adaptive.clear();
        rooms.sort_by_key(|room| std::cmp::Reverse(room.live()));
        for (rank, room) in rooms.iter().enumerate() {
            let is_named = rank < MOST_EVENTS;
            let event = if is_named { room.event.to_string() } else { OTHER.to_owned() };
            let waiting = i64::try_from(room.waiting()).unwrap_or(i64::MAX);
            let users = [
                ("waiting", waiting),
                ("called", i64::from(room.called)),
                ("active", i64::from(room.active)),
            ];
            for (state, count) in users {
                let labels = UsersLabels { event: event.clone(), state };
                self.users.get_or_create(&labels).inc_by(count);
            }
            if is_named {
                self.show_rates(&EventLabels { event }, room);
            }
        }
    }

    fn show_rates(&self, labels: &EventLabels, room: &Room) {
        if let Some(milli) = room.outflow.per_minute_milli {
            let milli = u32::try_from(milli).unwrap_or(u32::MAX);
            self.served.get_or_create(labels).set(f64::from(milli) / 1_000.0);
        }
        if let Some(rate) = room.rate {
            self.adaptive.get_or_create(labels).set(i64::from(rate.per_minute));
        }
    }

    fn show_outbox(&self, subscribers: &[SubscriberStatus], now: Timestamp) {
        let oldest = subscribers.iter().filter_map(|status| status.oldest).min();
        self.outbox_lag.set(oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64()));
        let facts = subscribers.iter().fold(0_u64, |sum, status| sum.saturating_add(status.waiting));
        self.outbox_facts.set(i64::try_from(facts).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::encoding::text::encode;
    use tiketi_core::EventId;
    use tiketi_core::fact::FactKinds;
    use tiketi_core::notifier::SubscriberName;
    use tiketi_core::store::Subscription;
    use tiketi_core::waiting_room::{LoadSample, Outflow, RateReason};
    use uuid::Uuid;

    use super::*;

    fn room(id: u128, waiting: u64) -> Room {
        let mut room = Room::new(EventId::from_uuid(Uuid::from_u128(id)));
        room.standard.waiting = waiting;
        (room.called, room.active) = (2, 3);
        room
    }

    fn text(metrics: &WaitingMetrics) -> String {
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    }

    fn assert_lines(metrics: &WaitingMetrics, lines: &[&str]) {
        let text = text(metrics);
        for line in lines {
            assert!(text.lines().any(|found| found == *line), "{line} is not in:\n{text}");
        }
    }

    #[test]
    fn the_labels_of_events_are_bounded() {
        let metrics = WaitingMetrics::default();
        let rooms = (1..=100).map(|id| room(id, u64::try_from(id).unwrap())).collect();
        metrics.show_rooms(rooms);
        let text = text(&metrics);
        assert_eq!(text.lines().filter(|line| line.contains("state=\"waiting\"")).count(), MOST_EVENTS + 1);
        let sum: u32 = (1..=36).sum();
        assert_lines(
            &metrics,
            &[
                &format!("queue_users{{event=\"other\",state=\"waiting\"}} {sum}"),
                "queue_users{event=\"other\",state=\"active\"} 108",
                "queue_users{event=\"00000000-0000-0000-0000-000000000064\",state=\"called\"} 2",
            ],
        );
    }

    #[test]
    fn a_room_that_has_emptied_is_no_longer_shown() {
        let metrics = WaitingMetrics::default();
        let outflow = Outflow { per_minute_milli: Some(90_500), ..Outflow::default() };
        metrics.show_rooms(vec![Room { outflow, ..room(1, 5) }]);
        let served = "queue_served_per_minute{event=\"00000000-0000-0000-0000-000000000001\"} 90.5";
        assert_lines(&metrics, &[served]);
        metrics.show_rooms(Vec::new());
        assert!(!text(&metrics).contains("event="));
    }

    #[test]
    fn an_adaptive_rate_is_shown_with_its_reason_and_inputs() {
        let metrics = WaitingMetrics::default();
        let load = LoadSample {
            holds: 40,
            latency: Duration::from_millis(250),
            contended: 1,
            unavailable: 0,
            is_saturated: true,
        };
        let rate =
            AdaptiveRate { per_minute: 80, decided_at: Timestamp::EPOCH, reason: RateReason::Slow, load };
        let room = Room { rate: Some(rate), ..room(1, 5) };
        metrics.admission(&AdmissionMeasured::new(&room, 7, 2, Some(&rate), Duration::from_millis(3)));
        metrics.show_rooms(vec![room]);
        assert_lines(
            &metrics,
            &[
                "queue_called_total 7",
                "queue_lapsed_total 2",
                "queue_rate_decisions_total{reason=\"slow\"} 1",
                "queue_hold_latency_seconds 0.25",
                "queue_holds{outcome=\"decided\"} 40",
                "queue_holds{outcome=\"contended\"} 1",
                "queue_adaptive_per_minute{event=\"00000000-0000-0000-0000-000000000001\"} 80",
            ],
        );
    }

    #[test]
    fn the_lag_is_the_age_of_the_oldest_fact_of_any_subscriber() {
        let metrics = WaitingMetrics::default();
        assert_lines(&metrics, &["outbox_lag_seconds 0.0", "outbox_facts 0"]);
        let at = |seconds| Timestamp::EPOCH.after(Duration::from_secs(seconds));
        let status = |name: &str, waiting, oldest| SubscriberStatus {
            subscription: Subscription {
                subscriber: SubscriberName::new(name).unwrap(),
                kinds: FactKinds::all(),
            },
            since: at(0),
            seen_at: at(0),
            waiting,
            oldest,
        };
        let subscribers =
            [status("mail", 7, Some(at(40))), status("idle", 0, None), status("hook", 2, Some(at(70)))];
        metrics.show_outbox(&subscribers, at(100));
        assert_lines(&metrics, &["outbox_lag_seconds 60.0", "outbox_facts 9"]);
    }
}
