//! Looks at the public state of the line during a rush.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use tiketi_server_harness::Fleet;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::crowd::Line;

const EVERY: Duration = Duration::from_millis(500);

/// What was seen.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Watched {
    pub(crate) most_active: u64,
    pub(crate) looks: u32,
}

/// A task that looks until it is stopped.
pub(crate) struct Watch {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Watched>,
}

impl Watch {
    pub(crate) fn start(fleet: &Fleet, limit: u32) -> Self {
        let (stop, stopped) = oneshot::channel();
        let line = Line::new(Arc::clone(&fleet.addresses));
        let path = format!("/api/queue/{}/serving", fleet.shop.event);
        Self { stop, task: tokio::spawn(look(line, path, u64::from(limit), stopped)) }
    }

    pub(crate) async fn stop(self) -> Watched {
        self.stop.send(()).unwrap();
        self.task.await.unwrap()
    }
}

async fn look(line: Line, path: String, limit: u64, mut stopped: oneshot::Receiver<()>) -> Watched {
    let mut watched = Watched::default();
    while timeout(EVERY, &mut stopped).await.is_err() {
        let (status, serving) = line.send(Method::GET, &path, None, None).await;
        assert_eq!(status, 200, "{serving}");
        let active = serving["active"].as_u64().unwrap();
        assert!(active <= limit, "more than {limit} are inside: {serving}");
        watched.most_active = watched.most_active.max(active);
        watched.looks += 1;
    }
    watched
}
