//! Comma-separated values (RFC 4180) that a spreadsheet shows as they are.

/// The media type; a header line comes first.
pub(crate) const CONTENT_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// Says that the file is UTF-8. Spreadsheets take a file without it for the local encoding, and break Korean.
pub(crate) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes a record with the end of its line.
pub(crate) fn record<'c>(cells: impl IntoIterator<Item = &'c str>) -> String {
    let mut line = cells.into_iter().map(cell).collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

/// Writes a cell. One that a spreadsheet would run as a formula gets an apostrophe before it.
///
/// The characters are those of OWASP, "CSV Injection".
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_with_separators_are_quoted() {
        assert_eq!(record(["a", "b, c", "d \"e\"", "f\ng", ""]), "a,\"b, c\",\"d \"\"e\"\"\",\"f\ng\",\r\n");
    }

    #[test]
    fn cells_that_begin_like_a_formula_are_text() {
        for text in ["=1+1", "+82 2 555", "-1", "@SUM(A1)", "\tx", "＝1"] {
            assert!(record([text]).starts_with('\''), "{text:?}");
        }
        assert_eq!(record(["\r=1"]), "\"'\r=1\"\r\n");
        assert_eq!(record(["=HYPERLINK(\"x\", 1)"]), "\"'=HYPERLINK(\"\"x\"\", 1)\"\r\n");
        assert_eq!(record(["a=b", "1-2"]), "a=b,1-2\r\n");
    }
}
