//! Charts of figures, drawn by the server as SVG.
//!
//! A chart takes its colours from custom properties of the page (`--chart-1` to `--chart-4`, `--chart-grid`), and its ink
//! from the text around it, so that one drawing suits light and dark. Series also differ by dash and by marker. What a
//! chart shows is in a table, too: [`Chart::rows`].

mod draw;
mod paint;
#[cfg(test)]
mod tests;

/// Most series of a chart: as many as there are colours, dashes and markers.
pub(crate) const MOST_SERIES: usize = 4;

/// How the values of a chart are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Values over time: one line a series, with a marker at each value.
    Lines,
    /// Values of separate things: bars side by side.
    Bars,
}

/// One named series of values, one for each label of the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    /// What the values are.
    pub(crate) name: String,
    /// The values; a missing one at the end counts as zero.
    pub(crate) values: Vec<i64>,
}

/// Figures that are shown as a drawing and as a table.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    /// Unique on the page; the drawing is labelled by it.
    pub(crate) id: &'static str,
    /// What the chart shows.
    pub(crate) title: String,
    /// How it is drawn.
    pub(crate) shape: Shape,
    /// Heading of the labels, in the table.
    pub(crate) label_heading: String,
    /// What the values belong to, from left to right.
    pub(crate) labels: Vec<String>,
    /// The series, at most [`MOST_SERIES`]; further ones are only in the table.
    pub(crate) series: Vec<Series>,
    /// Writes a value in the table.
    pub(crate) in_table: ValueText,
    /// Writes a value at the axis, where there is little room.
    pub(crate) at_axis: ValueText,
}

/// Writes a value for readers.
#[derive(Debug, Clone)]
pub(crate) enum ValueText {
    /// A number of things, with separators of thousands.
    Count,
    /// A large number in a few characters, as a reader of English writes it: `1.2M`.
    ShortEnglish,
    /// A large number in a few characters, as a reader of Korean writes it: `120만`.
    ShortKorean,
    /// Money of a currency in minor units.
    Money {
        /// How many decimals the currency has.
        decimals: u32,
        /// Its code, such as `KRW`.
        currency: String,
    },
    /// Money in a few characters; the axis names no currency.
    ShortMoney {
        /// How many decimals the currency has.
        decimals: u32,
        /// Whether the reader counts in units of ten thousand.
        korean: bool,
    },
}

impl ValueText {
    /// Writes a value.
    pub(crate) fn write(&self, value: i64) -> String {
        match self {
            Self::Count => grouped(value),
            Self::ShortEnglish => short(value, &ENGLISH_UNITS),
            Self::ShortKorean => short(value, &KOREAN_UNITS),
            Self::Money { decimals, currency } => format!("{} {currency}", money(value, *decimals)),
            Self::ShortMoney { decimals, korean } => {
                let whole = value / 10_i64.saturating_pow(*decimals);
                short(whole, if *korean { &KOREAN_UNITS } else { &ENGLISH_UNITS })
            }
        }
    }
}

/// Units of large numbers, the largest first.
type Units = [(i64, &'static str); 3];
const ENGLISH_UNITS: Units = [(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")];
const KOREAN_UNITS: Units = [(1_000_000_000_000, "조"), (100_000_000, "억"), (10_000, "만")];

/// Writes a number in the largest unit that it reaches, with one decimal if that is not zero.
fn short(value: i64, units: &Units) -> String {
    let found = units.iter().find(|(size, _)| value.saturating_abs() >= *size);
    let Some((size, unit)) = found else { return grouped(value) };
    let tenths = value / (size / 10);
    let (whole, tenth) = (tenths / 10, (tenths % 10).abs());
    if tenth == 0 { format!("{}{unit}", grouped(whole)) } else { format!("{}.{tenth}{unit}", grouped(whole)) }
}

/// Writes a number with separators of thousands.
pub(crate) fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut written = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        written.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// Writes money of minor units, without its currency.
pub(crate) fn money(minor: i64, decimals: u32) -> String {
    let unit = 10_u64.saturating_pow(decimals);
    let sign = if minor < 0 { "-" } else { "" };
    let whole = i64::try_from(minor.unsigned_abs() / unit).unwrap_or(i64::MAX);
    if decimals == 0 {
        return format!("{sign}{}", grouped(whole));
    }
    let part = minor.unsigned_abs() % unit;
    format!("{sign}{}.{part:0width$}", grouped(whole), width = decimals as usize)
}

/// A row of the table beside a drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableRow {
    /// What the values belong to.
    pub(crate) label: String,
    /// One cell a series.
    pub(crate) cells: Vec<String>,
}

impl Chart {
    /// Returns the drawing: an `svg` element, whose title is the chart's.
    ///
    /// It is empty if there is nothing to draw, or if drawing fails; the table has the same figures.
    pub(crate) fn svg(&self) -> String {
        if self.labels.is_empty() || self.series.is_empty() {
            return String::new();
        }
        draw::drawing(self).map(|drawn| paint::framed(self, &drawn)).unwrap_or_default()
    }

    /// Returns the mark of a series, for the legend.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
    pub(crate) fn swatch(&self, series: &usize) -> String {
        paint::swatch(self.shape, *series)
    }

    /// Returns the table of what is drawn.
    pub(crate) fn rows(&self) -> Vec<TableRow> {
        let row = |(at, label): (usize, &String)| TableRow {
            label: label.clone(),
            cells: self.series.iter().map(|series| self.in_table.write(series.value(at))).collect(),
        };
        self.labels.iter().enumerate().map(row).collect()
    }

    /// Returns whether every value is zero.
    pub(crate) fn is_flat(&self) -> bool {
        self.series.iter().all(|series| series.values.iter().all(|value| *value == 0))
    }
}

impl Series {
    /// Makes a series.
    pub(crate) fn new(name: impl Into<String>, values: Vec<i64>) -> Self {
        Self { name: name.into(), values }
    }

    fn value(&self, at: usize) -> i64 {
        self.values.get(at).copied().unwrap_or(0)
    }
}
