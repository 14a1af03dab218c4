//! Second addresses of routes, kept for clients that know them by those.

use utoipa::openapi::OpenApi;

/// Reads that have a second address: the second, then the first.
const READS: [(&str, &str); 2] = [
    ("/api/seats/events/{eventId}", "/api/seats/{eventId}"),
    ("/api/seats/reservation/{id}", "/api/reservations/{id}"),
];

/// Posts that may be sent as puts.
const PUTS: [&str; 1] = ["/api/reservations/{id}/cancel"];

/// Describes second addresses in the words of the first.
pub(super) fn describe(document: &mut OpenApi) {
    let paths = &mut document.paths.paths;
    for (second, first) in READS {
        let read = paths.get(first).and_then(|item| item.get.as_ref()).cloned();
        if let Some(read) = read {
            paths.entry(second.to_owned()).or_default().get = Some(read);
        }
    }
    for path in PUTS {
        if let Some(item) = paths.get_mut(path) {
            item.put = item.post.clone();
        }
    }
}
