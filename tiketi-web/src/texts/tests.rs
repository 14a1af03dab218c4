//! The languages say the same things, and pages name only sentences that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser::parse;

use super::*;

type Sentences = BTreeMap<String, BTreeSet<String>>;

/// Returns each message with its variables; a file with a mistake fails.
fn sentences(files: &[(&str, &str)]) -> Sentences {
    let mut found = Sentences::new();
    for (name, text) in files {
        let resource = parse(*text).unwrap_or_else(|(_, problems)| panic!("{name}: {problems:?}"));
        for entry in resource.body {
            let Entry::Message(message) = entry else { continue };
            let mut variables = BTreeSet::new();
            if let Some(pattern) = &message.value {
                of_pattern(pattern, &mut variables);
            }
            let id = message.id.name.to_owned();
            assert!(found.insert(id.clone(), variables).is_none(), "{name}: {id} is there twice");
        }
    }
    found
}

fn of_pattern(pattern: &Pattern<&str>, variables: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        match expression {
            Expression::Inline(inline) => of_inline(inline, variables),
            Expression::Select { selector, variants } => {
                of_inline(selector, variables);
                for variant in variants {
                    of_pattern(&variant.value, variables);
                }
            }
        }
    }
}

fn of_inline(inline: &InlineExpression<&str>, variables: &mut BTreeSet<String>) {
    if let InlineExpression::VariableReference { id } = inline {
        variables.insert(id.name.to_owned());
    }
}

/// Variables that one language may leave out: how it writes dates and counts is its own.
const OPTIONAL: [&str; 6] = ["month", "month-number", "hour", "hour12", "half", "weekday"];

#[test]
fn both_languages_have_the_same_sentences_with_the_same_values() {
    let (english, korean) = (sentences(ENGLISH), sentences(KOREAN));
    let names = |of: &Sentences| of.keys().cloned().collect::<BTreeSet<_>>();
    let difference: Vec<_> = names(&english).symmetric_difference(&names(&korean)).cloned().collect();
    assert_eq!(difference, Vec::<String>::new(), "only in one language");
    for (id, variables) in &english {
        let required = |of: &BTreeSet<String>| {
            of.iter().filter(|name| !OPTIONAL.contains(&name.as_str())).cloned().collect::<BTreeSet<_>>()
        };
        assert_eq!(required(variables), required(&korean[id]), "{id}");
    }
}

/// Returns the texts of files below a folder.
fn texts_below(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts_below(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Returns the literals that stand as the first argument of a function.
fn named<'t>(text: &'t str, function: &str) -> Vec<&'t str> {
    let found = text.match_indices(function).filter_map(|(at, _)| {
        let rest = text.get(at + function.len()..)?.trim_start().strip_prefix('"')?;
        rest.split('"').next()
    });
    found.collect()
}

/// Names of sentences in code stand in calls of `t`, or in functions that return them; these are found by their form, a literal that
/// is the name of a sentence. So a sentence that no page uses is found too.
#[test]
fn pages_name_sentences_that_exist_and_every_sentence_is_used() {
    let known = sentences(ENGLISH);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    texts_below(&root.join("templates"), &mut files);
    texts_below(&root.join("src"), &mut files);
    let mut used = BTreeSet::new();
    files.retain(|(path, _)| !path.ends_with("tests.rs"));
    for (path, text) in &files {
        for id in named(text, ".t(").into_iter().chain(named(text, "Text::new(self.language,")) {
            assert!(known.contains_key(id), "{path} names {id}, which is no sentence");
        }
        used.extend(text.split('"').filter(|literal| known.contains_key(*literal)).map(str::to_owned));
    }
    let unused: Vec<_> = known.keys().filter(|id| !used.contains(*id)).collect();
    assert_eq!(unused, Vec::<&String>::new(), "no page uses these");
}

#[test]
fn a_sentence_is_written_with_its_values() {
    let count = |count: u32| Text::new(Language::English, "events-count").with("count", count).to_string();
    assert_eq!((count(1).as_str(), count(12_000).as_str()), ("One event", "12,000 events"));
    assert_eq!(Text::new(Language::Korean, "events-count").with("count", 3_u32).to_string(), "공연 3개");
    assert_eq!(Text::new(Language::English, "no-such-sentence").to_string(), "no-such-sentence");
}
