//! Draws axes and values with `plotters`.

use std::io;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::types::{RangedCoordf64, RangedCoordi64};
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::prelude::{Cartesian2d, SVGBackend};
use plotters::style::{Color, FontTransform, IntoFont, RGBColor, TextStyle};

use super::paint::{GRID, HEIGHT, INK, SERIES, WIDTH};
use super::{Chart, Series, Shape};

type DrawError = DrawingAreaErrorKind<io::Error>;
type Area<'s> = DrawingArea<SVGBackend<'s>, Shift>;
type Plot<'a, 's> = ChartContext<'a, SVGBackend<'s>, Cartesian2d<RangedCoordf64, RangedCoordi64>>;

/// Size of the words at the axes, in units of the drawing.
const WORDS: u32 = 26;
/// Most labels below the axis: as many as fit side by side.
const MOST_LABELS: usize = 6;
/// Opacity of a pale bar.
const PALE: f64 = 0.5;
/// Largest value of an axis; the crate's steps between ticks overflow near the end of the numbers.
const MOST_AT_AXIS: i64 = 10_000_000_000_000_000;
/// From this number of values on, a line has no markers between its ends: they would hide it.
const MARKERS_UP_TO: usize = 40;

/// Returns the drawing as the crate writes it.
pub(super) fn drawing(chart: &Chart) -> Result<String, DrawError> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        let mut plot = axes(chart, &area)?;
        let series = || chart.series.iter().zip(SERIES).enumerate();
        for (at, (series, colour)) in series() {
            match chart.shape {
                Shape::Lines => line(&mut plot, chart.labels.len(), series, colour, at)?,
                Shape::Bars => bars(&mut plot, chart, series, colour, at)?,
            }
        }
        area.present()?;
    }
    Ok(svg)
}

fn axes<'a, 's>(chart: &Chart, area: &'a Area<'s>) -> Result<Plot<'a, 's>, DrawError> {
    let count = float(chart.labels.len());
    let margin = if chart.shape == Shape::Bars { 0.6 } else { 0.3 };
    let mut plot = ChartBuilder::on(area)
        .margin_top(16)
        .margin_right(20)
        .x_label_area_size(44)
        .y_label_area_size(104)
        .build_cartesian_2d(-margin..(count - 1.0 + margin), 0..top(chart))?;
    let words = TextStyle::from(("sans-serif", WORDS).into_font().transform(FontTransform::None)).color(&INK);
    plot.configure_mesh()
        .disable_x_mesh()
        .light_line_style(GRID.mix(0.0))
        .bold_line_style(GRID.stroke_width(2))
        .axis_style(INK.stroke_width(2))
        .label_style(words)
        .set_all_tick_mark_size(6)
        .y_labels(5)
        .y_label_formatter(&|value| chart.at_axis.write(*value))
        .x_labels(chart.labels.len().min(MOST_LABELS))
        .x_label_formatter(&|at| label(chart, *at))
        .draw()?;
    Ok(plot)
}

/// Returns the label of a place on the axis; none between two labels.
fn label(chart: &Chart, at: f64) -> String {
    let nearest = at.round();
    if (at - nearest).abs() > 0.01 {
        return String::new();
    }
    let found = chart.labels.iter().enumerate().find(|(index, _)| (float(*index) - nearest).abs() < 0.5);
    found.map(|(_, label)| label.clone()).unwrap_or_default()
}

/// Returns where the axis of values ends: a little above the largest, and above zero.
fn top(chart: &Chart) -> i64 {
    let values = chart.series.iter().flat_map(|series| &series.values);
    let most = values.copied().max().unwrap_or(0).clamp(1, MOST_AT_AXIS);
    most.saturating_add(most / 12).saturating_add(i64::from(most < 5))
}

fn line(
    plot: &mut Plot<'_, '_>,
    count: usize,
    series: &Series,
    colour: RGBColor,
    at: usize,
) -> Result<(), DrawError> {
    let points = || (0..count).map(|index| (float(index), series.value(index).min(MOST_AT_AXIS)));
    plot.draw_series([PathElement::new(points().collect::<Vec<_>>(), colour.stroke_width(5))])?;
    let marked = points().enumerate().filter(|(index, _)| count <= MARKERS_UP_TO || index + 1 == count);
    let marked: Vec<_> = marked.map(|(_, point)| point).collect();
    let fill = colour.filled();
    match at {
        0 => plot.draw_series(marked.into_iter().map(|point| Circle::new(point, 8, fill)))?,
        _ => {
            return marks(plot, &marked, colour, at);
        }
    };
    Ok(())
}

/// Draws markers with corners: squares, triangles, diamonds.
fn marks(
    plot: &mut Plot<'_, '_>,
    points: &[(f64, i64)],
    colour: RGBColor,
    at: usize,
) -> Result<(), DrawError> {
    let corners: &[(i32, i32)] = match at {
        1 => &[(-7, -7), (7, -7), (7, 7), (-7, 7)],
        2 => &[(0, -10), (9, 7), (-9, 7)],
        _ => &[(0, -10), (10, 0), (0, 10), (-10, 0)],
    };
    let area = plot.plotting_area();
    for point in points {
        let (x, y) = area.map_coordinate(point);
        let (left, top) = area.get_base_pixel();
        let corners: Vec<_> = corners.iter().map(|(dx, dy)| (x + dx - left, y + dy - top)).collect();
        area.strip_coord_spec().draw(&Polygon::new(corners, colour.filled()))?;
    }
    Ok(())
}

fn bars(
    plot: &mut Plot<'_, '_>,
    chart: &Chart,
    series: &Series,
    colour: RGBColor,
    at: usize,
) -> Result<(), DrawError> {
    let width = 0.8 / float(chart.series.len().clamp(1, SERIES.len()));
    let bars = (0..chart.labels.len()).filter(|index| series.value(*index) > 0).map(|index| {
        let left = float(index) - 0.4 + width * float(at);
        let corners = [(left, 0), (left + width * 0.92, series.value(index).min(MOST_AT_AXIS))];
        // Every second series is pale, so that neighbours differ without colour.
        let opacity = if at.is_multiple_of(2) { 1.0 } else { PALE };
        Rectangle::new(corners, colour.mix(opacity).filled())
    });
    plot.draw_series(bars)?;
    Ok(())
}

/// Returns a count as a coordinate. No chart has four billion labels.
fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
