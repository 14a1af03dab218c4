//! The machine's time zone has no effect: every server reads and shows the same moments.

#![cfg(test)]

use std::process::Command;

use tiketi_core::{Timestamp, reservation::ReservationNumber};

/// Half an hour before midnight in UTC; the next day in Seoul, and the afternoon in Newfoundland.
const MOMENT: &str = "2026-03-01T23:30:00Z";

#[test]
fn a_moment_is_read_with_its_offset_and_shown_in_utc() {
    for text in [MOMENT, "2026-03-02T08:30:00+09:00", "2026-03-01T20:00:00-03:30"] {
        let moment: Timestamp = text.parse().unwrap();
        assert_eq!(moment.to_string(), MOMENT, "{text}");
        assert_eq!(ReservationNumber::new(moment, 7).to_string(), "TKT-20260301-00007", "{text}");
        assert_eq!(moment.to_string().parse(), Ok(moment), "{text}");
    }
}

/// Runs the test above in separate processes, because a process has one time zone.
#[test]
fn the_zone_of_the_machine_changes_nothing() {
    for zone in ["Asia/Seoul", "America/St_Johns", "UTC"] {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_moment_is_read_with_its_offset_and_shown_in_utc"])
            .env("TZ", zone)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && told.contains("1 passed"), "in {zone}: {told}");
    }
}
