//! Options from a TOML file.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use crate::failure::Failure;

/// Reads a file of options as pairs of key and text; refuses unknown keys.
pub(super) fn read(path: &Path, known: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read the options in {shown}: {error}")))?;
    // The parser's own display quotes the wrong line, which may contain a secret.
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error
            .span()
            .and_then(|span| text.get(..span.start))
            .map_or(1, |before| before.matches('\n').count() + 1);
        Failure::usage(format!("{shown}, line {line}: {}", error.message()))
    })?;
    table.into_iter().map(|(key, value)| option(&shown.to_string(), key, value, known)).collect()
}

fn option(path: &str, key: String, value: Value, known: &[String]) -> Result<(String, String), Failure> {
    if !known.contains(&key) {
        return Err(Failure::usage(unknown_key(path, &key, known)));
    }
    let text = match value {
        Value::String(text) => text,
        Value::Integer(number) => number.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Float(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => {
            let problem = "must be a text, a whole number, true or false";
            return Err(Failure::usage(format!("{path}: {key} {problem}")));
        }
    };
    Ok((key, text))
}

fn unknown_key(path: &str, key: &str, known: &[String]) -> String {
    let plain = |name: &str| name.to_lowercase().replace(['-', '_'], "");
    let meant = known.iter().find(|name| plain(name) == plain(key));
    let hint = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    format!("{path}: unknown key `{key}`; {hint}")
}
