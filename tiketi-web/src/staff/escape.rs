//! Text in markup that no template writes: drawings.

/// Writes text so that it is text in HTML and in SVG, inside an element or an attribute in double quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\'' => written.push_str("&#39;"),
            // Not allowed in XML at all.
            control if control.is_control() && !matches!(control, '\n' | '\t') => written.push(' '),
            other => written.push(other),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_stays_text() {
        assert_eq!(escaped(r#"<b a="1">R&B's"#), "&lt;b a=&quot;1&quot;&gt;R&amp;B&#39;s");
        assert_eq!(escaped("가\u{0}나"), "가 나");
    }
}
