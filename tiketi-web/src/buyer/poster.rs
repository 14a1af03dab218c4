//! A picture for events without a poster: drawn from the event's id, so that it stays the same.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Pairs of colours, dark to light, in which white letters can be read.
const COLOURS: [(&str, &str); 6] = [
    ("#17324d", "#2f6f8f"),
    ("#3b1f4a", "#8a4a7d"),
    ("#143d36", "#2f7d63"),
    ("#4a2513", "#a8582b"),
    ("#1e2452", "#4c5bb5"),
    ("#45142b", "#a23a5c"),
];

/// Draws the picture as SVG.
pub(crate) fn drawn(id: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(id).into();
    let [colour, angle, rest @ ..] = digest;
    let colour = usize::from(colour ^ angle.rotate_left(3));
    let (dark, light) = COLOURS.get(colour % COLOURS.len()).copied().unwrap_or(COLOURS[0]);
    let mut circles = String::new();
    for chunk in rest.chunks_exact(3).take(5) {
        let &[x, y, size] = chunk else { continue };
        let (x, y, radius) = (u32::from(x) * 400 / 255, u32::from(y) * 500 / 255, 40 + u32::from(size) / 2);
        let _ = write!(circles, r#"<circle cx="{x}" cy="{y}" r="{radius}"/>"#);
    }
    let turned = u32::from(angle) * 90 / 255;
    format!(
        r#"<svg class="poster-art" viewBox="0 0 400 500" preserveAspectRatio="xMidYMid slice" aria-hidden="true" focusable="false"><rect width="400" height="500" fill="{dark}"/><g fill="{light}" fill-opacity="0.45" transform="rotate({turned} 200 250)">{circles}</g></svg>"#
    )
}
