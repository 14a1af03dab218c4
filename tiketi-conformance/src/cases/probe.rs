//! Probes of a store that works.

use futures::future::join_all;
use tiketi_core::Timestamp;
use tiketi_core::store::StoreProbe;

use crate::handles::Handles;

/// Servers that probe at the same time.
const AT_ONCE: usize = 32;

/// Fails if a probe needs a row that only the first one may write, or if two servers hinder each other.
pub async fn a_store_that_works_is_probed_any_number_of_times(store: Handles<dyn StoreProbe>) {
    for round in 0..4_u64 {
        let now = Timestamp::EPOCH.after(std::time::Duration::from_secs(round));
        let probes = (0..AT_ONCE).map(|_| {
            let store = store.any();
            async move { store.probe_write(now).await }
        });
        for probed in join_all(probes).await {
            probed.unwrap();
        }
    }
}
