//! What a chart shows is in its drawing and in its table.

use super::*;

fn chart(shape: Shape, values: &[&[i64]]) -> Chart {
    let count = values.iter().map(|values| values.len()).max().unwrap_or(0);
    Chart {
        id: "sales",
        title: "Sales <by day> & night".into(),
        shape,
        label_heading: "Day".into(),
        labels: (1..=count).map(|day| format!("01-{day:02}")).collect(),
        series: values
            .iter()
            .zip(["Sold", "Returned", "Third", "Fourth", "Fifth"])
            .map(|(values, name)| Series::new(name, values.to_vec()))
            .collect(),
        in_table: ValueText::Count,
        at_axis: ValueText::ShortEnglish,
    }
}

#[test]
fn a_drawing_has_no_fixed_colour_no_style_and_the_title() {
    for shape in [Shape::Lines, Shape::Bars] {
        let svg = chart(shape, &[&[3, 0, 12], &[1, 1, 0], &[2, 2, 2], &[5, 4, 3]]).svg();
        assert!(svg.starts_with("<svg class=\"chart\" viewBox=\"0 0 840 400\" role=\"img\""), "{svg}");
        assert!(svg.contains("<title id=\"sales-title\">Sales &lt;by day&gt; &amp; night</title>"), "{svg}");
        assert!(!svg.contains("\"#"), "a colour is fixed: {svg}");
        assert!(!svg.contains("style"), "the content policy refuses styles: {svg}");
        assert_eq!(svg.matches("<svg").count(), 1);
        assert_eq!(svg.matches("</svg>").count(), 1);
        assert!(svg.contains("currentColor") && svg.contains("var(--chart-grid)"));
        for number in 1..=4 {
            assert!(svg.contains(&format!("var(--chart-{number})")), "{shape:?} {number}");
        }
    }
}

#[test]
fn lines_differ_by_dash_and_by_marker() {
    let svg = chart(Shape::Lines, &[&[3, 0, 12], &[1, 1, 0], &[2, 2, 2]]).svg();
    assert_eq!(svg.matches("<circle").count(), 3);
    // Three squares and three triangles.
    assert_eq!(svg.matches("<polygon").count(), 6);
    assert_eq!(svg.matches("stroke-dasharray=\"18 8\"").count(), 1);
    assert_eq!(svg.matches("stroke-dasharray=\"4 6\"").count(), 1);
}

#[test]
fn a_marker_stands_where_its_value_is() {
    let svg = chart(Shape::Lines, &[&[0, 100], &[0, 100]]).svg();
    let circle = |at: usize| {
        let element = svg.match_indices("<circle").nth(at).unwrap().0;
        let number = |name: &str| {
            let rest = &svg[element..];
            let from = rest.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
            rest[from..].split('"').next().unwrap().parse::<i32>().unwrap()
        };
        (number("cx"), number("cy"))
    };
    let ((left, bottom), (right, top)) = (circle(0), circle(1));
    assert!(left < right && top < bottom, "{left},{bottom} {right},{top}");
    let polygons: Vec<_> = svg.match_indices("<polygon").map(|(at, _)| &svg[at..]).collect();
    for ((x, y), polygon) in [(left, bottom), (right, top)].into_iter().zip(polygons) {
        let first = format!("points=\"{},{} ", x - 7, y - 7);
        assert!(polygon.split("/>").next().unwrap().contains(&first), "{first} {polygon}");
    }
}

#[test]
fn bars_of_a_second_series_are_pale() {
    let svg = chart(Shape::Bars, &[&[3, 0, 12], &[1, 1, 0]]).svg();
    let bars = |number: usize, opacity: &str| {
        svg.matches(&format!("{opacity}fill=\"var(--chart-{number})\" stroke=\"none\"")).count()
    };
    assert_eq!((bars(1, ""), bars(2, "opacity=\"0.5\" ")), (2, 2), "one for each value above zero: {svg}");
}

#[test]
fn the_table_has_what_the_drawing_shows() {
    let rows = chart(Shape::Lines, &[&[1_234, 0], &[5]]).rows();
    let row = |label: &str, cells: [&str; 2]| TableRow {
        label: label.into(),
        cells: cells.map(ToOwned::to_owned).to_vec(),
    };
    assert_eq!(rows, [row("01-01", ["1,234", "5"]), row("01-02", ["0", "0"])]);
}

#[test]
fn nothing_is_drawn_of_nothing() {
    assert_eq!(chart(Shape::Lines, &[]).svg(), "");
    let zeros = chart(Shape::Bars, &[&[0, 0]]);
    assert!(zeros.is_flat() && zeros.svg().contains("01-01"), "the axis stands without values");
}

#[test]
fn one_day_and_a_year_can_be_drawn() {
    assert!(chart(Shape::Lines, &[&[7]]).svg().contains("<circle"));
    let year: Vec<i64> = (0..366).collect();
    let svg = chart(Shape::Lines, &[&year]).svg();
    assert_eq!(svg.matches("<circle").count(), 1, "only the last day has a marker");
    assert!(svg.len() < 12_000, "{} bytes", svg.len());
}

#[test]
fn large_numbers_are_short_at_the_axis() {
    let cases = [
        (ValueText::ShortEnglish, 999, "999"),
        (ValueText::ShortEnglish, 1_500, "1.5k"),
        (ValueText::ShortEnglish, 2_000_000, "2M"),
        (ValueText::ShortKorean, 9_999, "9,999"),
        (ValueText::ShortKorean, 1_250_000, "125만"),
        (ValueText::ShortKorean, 150_000_000, "1.5억"),
        (ValueText::ShortMoney { decimals: 2, korean: false }, 150_000, "1.5k"),
        (ValueText::Money { decimals: 0, currency: "KRW".into() }, 1_650_000, "1,650,000 KRW"),
        (ValueText::Money { decimals: 2, currency: "EUR".into() }, -1_205, "-12.05 EUR"),
    ];
    for (text, value, written) in cases {
        assert_eq!(text.write(value), written);
    }
}

#[test]
fn the_ends_of_the_range_of_numbers_are_drawn() {
    assert!(chart(Shape::Lines, &[&[i64::MAX, 0]]).svg().contains("<circle"));
    assert_eq!(grouped(i64::MIN), "-9,223,372,036,854,775,808");
}
