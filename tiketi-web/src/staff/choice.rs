//! Fields of forms that choose: one of a list, or yes.

use std::fmt::Display;

use askama::Template;
use askama::filters::HtmlSafe;

use crate::form::Form;

/// A list of which one is chosen.
#[derive(Debug, Template)]
#[template(path = "staff/parts/select.html")]
pub(crate) struct Select {
    name: String,
    label: String,
    hint: Option<String>,
    wrong: Option<String>,
    options: Vec<ChoiceOption>,
}

/// One of a list.
#[derive(Debug)]
struct ChoiceOption {
    value: String,
    text: String,
    is_chosen: bool,
}

impl Select {
    /// Starts a list with its label.
    pub(crate) fn new(form: &Form, name: &str, label: impl Display) -> Self {
        let wrong = form.wrong().iter().find(|wrong| wrong.field.as_deref() == Some(name));
        Self {
            name: name.to_owned(),
            label: label.to_string(),
            hint: None,
            wrong: wrong.map(|wrong| wrong.sentence.clone()),
            options: Vec::new(),
        }
    }

    /// Says more than the label.
    pub(crate) fn hint(mut self, hint: impl Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// Adds what can be chosen; `chosen` is the value of the one that is.
    pub(crate) fn options<V: Into<String>, T: Display>(
        mut self,
        options: impl IntoIterator<Item = (V, T)>,
        chosen: &str,
    ) -> Self {
        let option = |(value, text): (V, T)| {
            let value = value.into();
            ChoiceOption { is_chosen: value == chosen, value, text: text.to_string() }
        };
        self.options.extend(options.into_iter().map(option));
        self
    }
}

// A template escapes its values itself.
impl HtmlSafe for Select {}

/// A box to tick.
#[derive(Debug, Template)]
#[template(path = "staff/parts/checkbox.html")]
pub(crate) struct Checkbox {
    name: String,
    label: String,
    wrong: Option<String>,
    is_ticked: bool,
}

impl Checkbox {
    /// Starts a box with its label.
    pub(crate) fn new(form: &Form, name: &str, label: impl Display) -> Self {
        let wrong = form.wrong().iter().find(|wrong| wrong.field.as_deref() == Some(name));
        Self {
            name: name.to_owned(),
            label: label.to_string(),
            wrong: wrong.map(|wrong| wrong.sentence.clone()),
            is_ticked: !form.value(name).is_empty(),
        }
    }
}

impl HtmlSafe for Checkbox {}
