//! Colours of a drawing: what the crate draws in fixed colours takes those of the page.

use std::fmt::Write as _;

use plotters::style::RGBColor;

use super::{Chart, MOST_SERIES, Shape};
use crate::staff::escape::escaped;

/// Width of a drawing in its own units. The page scales it.
pub(super) const WIDTH: u32 = 840;
/// Height of a drawing in its own units.
pub(super) const HEIGHT: u32 = 400;

/// Ink of axes and their words.
pub(super) const INK: RGBColor = RGBColor(1, 1, 1);
/// Lines behind the values.
pub(super) const GRID: RGBColor = RGBColor(2, 2, 2);

/// The colours of series: four of the set by Okabe and Ito, each with a contrast above 3 on white.
pub(super) const SERIES: [RGBColor; MOST_SERIES] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(204, 121, 167)];

/// How the line of each series is broken.
const DASHES: [&str; MOST_SERIES] = ["", "18 8", "4 6", "24 6 4 6"];

/// Puts a drawing into an element of the page.
pub(super) fn framed(chart: &Chart, drawn: &str) -> String {
    let inner = drawn.split_once('>').map_or("", |(_, inner)| inner);
    let inner = inner.rsplit_once("</svg>").map_or(inner, |(inner, _)| inner);
    let (id, title) = (chart.id, escaped(&chart.title));
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-title\">\
         <title id=\"{id}-title\">{title}</title>"
    );
    svg.push_str(&painted(inner));
    svg.push_str("</svg>");
    svg
}

fn painted(drawn: &str) -> String {
    let mut painted = drawn
        .replace(&quoted(INK), "\"currentColor\"")
        .replace(&quoted(GRID), "\"var(--chart-grid)\"")
        .replace(" font-family=\"sans-serif\"", "")
        .replace(" opacity=\"1\"", "")
        .replace('\n', "");
    for (at, (colour, dash)) in SERIES.iter().zip(DASHES).enumerate() {
        let (number, colour) = (at + 1, quoted(*colour));
        let mut stroke = format!("stroke=\"var(--chart-{number})\"");
        if !dash.is_empty() {
            // The markers have fills only, so that each stroke is a line.
            let _ = write!(stroke, " stroke-dasharray=\"{dash}\"");
        }
        painted = painted.replace(&format!("stroke={colour}"), &stroke);
        painted = painted.replace(&format!("fill={colour}"), &format!("fill=\"var(--chart-{number})\""));
    }
    painted
}

/// Writes a colour as the crate does.
fn quoted(RGBColor(red, green, blue): RGBColor) -> String {
    format!("\"#{red:02X}{green:02X}{blue:02X}\"")
}

/// Returns the mark of a series, for a legend: a piece of its line with its marker, or its bar.
pub(super) fn swatch(shape: Shape, series: usize) -> String {
    let series = series % MOST_SERIES;
    let (colour, dash) =
        (format!("var(--chart-{})", series + 1), DASHES.get(series).copied().unwrap_or_default());
    let inner = match shape {
        Shape::Bars => {
            let opacity = if series.is_multiple_of(2) { "1" } else { "0.5" };
            format!("<path d=\"M12 0h24v20h-24z\" fill=\"{colour}\" opacity=\"{opacity}\"/>")
        }
        Shape::Lines => {
            let marker = match series {
                0 => "M18 10a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z",
                1 => "M18 4h12v12h-12z",
                2 => "M24 3l7 13h-14z",
                _ => "M24 2l8 8l-8 8l-8 -8z",
            };
            format!(
                "<path d=\"M0 10h48\" stroke=\"{colour}\" stroke-width=\"4\" stroke-dasharray=\"{dash}\"/>\
                 <path d=\"{marker}\" fill=\"{colour}\"/>"
            )
        }
    };
    format!("<svg class=\"swatch\" viewBox=\"0 0 48 20\" aria-hidden=\"true\">{inner}</svg>")
}
