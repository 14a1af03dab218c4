//! Checks that the lists contain every case; a case that is not listed would never run.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

/// Returns the source text of the lists.
fn lists() -> io::Result<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut text = fs::read_to_string(source.join("lists.rs"))?;
    for file in fs::read_dir(source.join("lists"))? {
        text += &fs::read_to_string(file?.path())?;
    }
    Ok(text)
}

/// Fails if a case is not listed, or listed twice.
#[test]
fn every_case_is_listed_once() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lists = lists().unwrap();
    let mut written = BTreeSet::new();
    for file in fs::read_dir(source.join("cases")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let cases = text.lines().filter_map(|line| line.strip_prefix("pub async fn "));
        written.extend(cases.filter_map(|case| Some(case.split_once('(')?.0.to_owned())));
    }
    let listed: Vec<_> = lists.lines().filter_map(|line| line.trim().strip_suffix(',')).collect();
    assert!(written.len() > 100, "the cases were found");
    for case in written {
        assert_eq!(listed.iter().filter(|name| **name == case).count(), 1, "{case}");
    }
}

/// The lists of cases that a store of sales need not pass.
const OF_OTHER_FACTORIES: [&str; 6] = [
    "broadcast_cases",
    "gateway_cases",
    "lease_cases",
    "rate_limit_cases",
    "room_journal_cases",
    "waiting_room_cases",
];

/// Returns the names of the lists of cases, without the macro that expands them all.
fn list_names(lists: &str) -> BTreeSet<&str> {
    let macros = lists.lines().filter_map(|line| line.strip_prefix("macro_rules! ")?.split(' ').next());
    macros.filter(|name| name.ends_with("_cases") && !matches!(*name, "all_cases" | "expand_cases")).collect()
}

/// Returns the rows of a manual's table: the name of each list and its description.
fn described<'m>(manual: &'m str, prefix: &str) -> Vec<(&'m str, &'m str)> {
    let rows = manual.lines().filter_map(|line| line.strip_prefix(prefix)?.strip_suffix(" |"));
    rows.filter_map(|row| Some((row.split_once('!')?.0, row.rsplit_once(" | ")?.1))).collect()
}

/// Fails if a manual omits a list, names one that does not exist, or does not describe it.
#[test]
fn both_manuals_name_every_list_and_say_what_it_is_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap();
    let lists = lists().unwrap();
    let names = list_names(&lists);
    assert!(names.len() >= 10, "{names:?}");
    for (file, prefix) in [("src/lib.rs", "//! | [`"), ("README.md", "| `")] {
        let manual = read(file);
        let mut rows = described(&manual, prefix);
        rows.retain(|(name, _)| name.ends_with("_cases"));
        assert_eq!(rows.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>(), names, "{file}");
        assert_eq!(rows.len(), names.len(), "{file} names a list twice");
        assert!(rows.iter().all(|(_, purpose)| purpose.len() > 10), "{file}: {rows:?}");
    }
}

/// Fails if `all_cases!` omits a list that applies to stores of sales.
#[test]
fn all_cases_expands_every_list_of_a_store() {
    let lists = lists().unwrap();
    let all = lists.split("macro_rules! all_cases").nth(1).unwrap().split("macro_rules!").next().unwrap();
    for name in list_names(&lists).into_iter().filter(|name| !OF_OTHER_FACTORIES.contains(name)) {
        assert_eq!(all.matches(&format!("$crate::{name}!")).count(), 1, "{name}");
    }
}
