//! Second paths of routes.

use utoipa::openapi::OpenApi;

/// Reads with a second path: the second, then the first.
const READS: [(&str, &str); 3] = [
    ("/api/stats", "/api/stats/overview"),
    ("/api/seats/events/{eventId}", "/api/seats/{eventId}"),
    ("/api/seats/reservation/{id}", "/api/reservations/{id}"),
];

/// Writes with a second path: the second, then the first.
const WRITES: [(&str, &str); 1] = [("/api/queue/join", "/api/queue")];

/// Routes that accept `PUT` as well as `POST`.
const PUTS: [&str; 1] = ["/api/reservations/{id}/cancel"];

/// Copies the description of the first path to the second.
pub(super) fn describe(document: &mut OpenApi) {
    let paths = &mut document.paths.paths;
    for (second, first) in READS {
        let read = paths.get(first).and_then(|item| item.get.as_ref()).cloned();
        if let Some(read) = read {
            paths.entry(second.to_owned()).or_default().get = Some(read);
        }
    }
    for (second, first) in WRITES {
        let write = paths.get(first).and_then(|item| item.post.as_ref()).cloned();
        if let Some(write) = write {
            paths.entry(second.to_owned()).or_default().post = Some(write);
        }
    }
    for path in PUTS {
        if let Some(item) = paths.get_mut(path) {
            item.put = item.post.clone();
        }
    }
}
