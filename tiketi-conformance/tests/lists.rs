//! The lists name every case there is: one forgotten would never run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Fails if a case is written and not listed, or listed twice.
#[test]
fn every_case_is_listed_once() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lists = fs::read_to_string(source.join("lists.rs")).unwrap();
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
