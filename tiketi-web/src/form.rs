//! Forms: what a visitor sent, and what is wrong with it.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;

use crate::failure::Failure;

/// What a form, or the query of an address, has; in its order, and names may repeat.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads an encoded form or query.
    pub(crate) fn read(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// Returns a field without the spaces around it; empty if it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// Returns a field as it was typed, for passwords.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// Returns a field that was filled in.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.is_empty())
    }

    /// Returns every value of a name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Returns the names that begin with a prefix, without it, with their values.
    pub(crate) fn below(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.trim())))
    }

    /// Returns the once-only key of the form.
    pub(crate) fn key(&self) -> Option<&str> {
        self.filled("key")
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if request.method().is_safe() {
            return Ok(Self::read(request.uri().query().unwrap_or_default().as_bytes()));
        }
        let is_form = request.headers().get(CONTENT_TYPE).is_some_and(|value| {
            value.as_bytes().to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded")
        });
        if !is_form {
            return Err(Failure::bad_request());
        }
        let bytes = Bytes::from_request(request, state).await;
        bytes
            .map(|bytes| Self::read(&bytes))
            .map_err(|refused| Failure { status: refused.status(), ..Failure::default() })
    }
}

/// Returns a path with a query of the parameters that have a value.
pub(crate) fn with_query(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(parameters.iter().filter(|(_, value)| !value.is_empty()));
    let query = encoded.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A form on a page: the values it shows, and what is wrong with them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
    values: Fields,
    wrong: Vec<Wrong>,
}

/// What is wrong with a field, or with the form as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The field's name; `None` for the form as a whole.
    pub(crate) field: Option<String>,
    pub(crate) sentence: String,
}

impl Form {
    /// Shows these values.
    pub(crate) fn of(values: Fields) -> Self {
        Self { values, wrong: Vec::new() }
    }

    /// Says what is wrong with a field.
    pub(crate) fn refuse(&mut self, field: &str, sentence: impl fmt::Display) {
        self.wrong.push(Wrong { field: Some(field.to_owned()), sentence: sentence.to_string() });
    }

    /// Says what is wrong with the form as a whole.
    pub(crate) fn refuse_all(&mut self, sentence: impl fmt::Display) {
        self.wrong.push(Wrong { field: None, sentence: sentence.to_string() });
    }

    /// Returns whether nothing is wrong so far.
    pub(crate) fn is_fine(&self) -> bool {
        self.wrong.is_empty()
    }

    /// Returns what is wrong, in the order in which it was found.
    pub(crate) fn wrong(&self) -> &[Wrong] {
        &self.wrong
    }

    /// Returns the value of a field.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.values.get(name)
    }

    /// Starts a line of text with its label.
    pub(crate) fn input(&self, name: &str, label: impl fmt::Display) -> Input {
        let sentence = self.wrong.iter().find(|wrong| wrong.field.as_deref() == Some(name));
        Input {
            name: name.to_owned(),
            label: label.to_string(),
            kind: "text",
            value: self.values.get(name).to_owned(),
            hint: None,
            wrong: sentence.map(|wrong| wrong.sentence.clone()),
            autocomplete: None,
            is_required: false,
            rows: None,
        }
    }
}

/// A field with its label, its hint, and what is wrong with it.
#[derive(Debug, Template)]
#[template(path = "form/input.html")]
pub(crate) struct Input {
    name: String,
    label: String,
    kind: &'static str,
    value: String,
    hint: Option<String>,
    wrong: Option<String>,
    autocomplete: Option<&'static str>,
    is_required: bool,
    /// Lines, of a text with several ones.
    rows: Option<u8>,
}

impl Input {
    /// Sets the kind of text, such as `email`. What was typed as a password is not shown again.
    pub(crate) fn kind(mut self, kind: &'static str) -> Self {
        if kind == "password" {
            self.value.clear();
        }
        self.kind = kind;
        self
    }

    /// Sets a value to begin with, unless the form was sent.
    pub(crate) fn starting(mut self, value: &str) -> Self {
        if self.value.is_empty() {
            value.clone_into(&mut self.value);
        }
        self
    }

    /// Says more than the label.
    pub(crate) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// Tells the browser what it may fill in (source: HTML, 4.10.18.7.1).
    pub(crate) fn autocomplete(mut self, what: &'static str) -> Self {
        self.autocomplete = Some(what);
        self
    }

    /// Demands a value.
    pub(crate) fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Makes it a text of several lines.
    pub(crate) fn rows(mut self, rows: u8) -> Self {
        self.rows = Some(rows);
        self
    }
}

// A template escapes its values itself.
impl HtmlSafe for Input {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_keeps_its_value_and_escapes_it() {
        let mut form = Form::of(Fields::read(b"name=%3Cb%3E+%22x%22&secret=abc"));
        form.refuse("name", "Too <short>.");
        let html = form.input("name", "Your & name").required().to_string();
        assert!(html.contains(r#"value="&#60;b&#62; &#34;x&#34;""#), "{html}");
        assert!(html.contains("Your &#38; name") && html.contains("Too &#60;short&#62;."), "{html}");
        assert!(
            html.contains(r#"aria-invalid="true""#) && html.contains(r#"aria-describedby="name-wrong""#),
            "{html}"
        );
        assert!(!form.input("secret", "Password").kind("password").to_string().contains("abc"));
    }
}
