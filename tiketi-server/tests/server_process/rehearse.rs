//! `rehearse`: what it recommends, when it refuses, and that nothing of it remains.

use std::fs;
use std::path::Path;

use tiketi_server_harness::{Running, SECRET, ServerOutput, ServerShop, run, server};

/// Holds may take as long as they do on a busy machine.
const PATIENT: &str = "--hold-within=1m";
/// A short rehearsal.
const SHORT: [&str; 4] = ["rehearse", "--buyers=300", "--at-once=16", "--log=warn"];

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect();
    names.sort();
    names
}

async fn rehearse(store: &str, options: &[&str]) -> ServerOutput {
    run(&[&SHORT[..], &["--store", store], options].concat()).await
}

/// Returns the numbers of the line `recommended: admitPerMinute N, maxActive N`.
pub(crate) fn recommended(said: &ServerOutput) -> (u32, u32) {
    let line = said.out.lines().find_map(|line| line.strip_prefix("recommended: admitPerMinute "));
    let line = line.unwrap_or_else(|| panic!("{said:?}"));
    let (rate, active) = line.split_once(", maxActive ").unwrap();
    (rate.parse().unwrap(), active.parse().unwrap())
}

#[tokio::test]
async fn a_rehearsal_beside_a_file_recommends_a_rate_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let shop = ServerShop::make(&folder.path().join("shop.db")).await;
    let before = (files(folder.path()), run(&["audit", "--store", &shop.store]).await.out);
    let said = rehearse(&shop.store, &[PATIENT]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let (rate, active) = recommended(&said);
    assert!(rate > 0 && active >= rate, "a stay of three minutes: {said:?}");
    let steps = said.out.lines().filter(|line| line.trim_end().ends_with(" 0") && line.contains(" ms"));
    assert_eq!(steps.count(), 3, "1, 4 and 16 at once, without a failure: {}", said.out);
    let after = (files(folder.path()), run(&["audit", "--store", &shop.store]).await.out);
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_rehearsal_does_not_disturb_a_server_unless_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let shop = ServerShop::make(&folder.path().join("shop.db")).await;
    let running = Running::start(&["--store", &shop.store, "--jwt-secret", SECRET]).await;
    let refused = rehearse(&shop.store, &[]).await;
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert!(refused.err.contains("a server uses") && refused.err.contains("--beside-sales"), "{refused:?}");
    let said = rehearse(&shop.store, &[PATIENT, "--beside-sales"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(running.get("/api/events", None).await.1["pagination"]["total"], 1, "no buyer sees it");
}

#[tokio::test]
async fn an_interrupted_rehearsal_removes_the_scratch_shop() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("shop.db").display());
    let arguments = ["rehearse", "--store", &store, "--buyers=5000", "--time=10m"];
    let running = Running::of(server(&arguments)).await;
    assert!(running.first_line.starts_with("rehearsing in a scratch shop beside sqlite:"));
    running.signal("INT").await;
    let said = running.ended().await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("the rehearsal was interrupted"), "{said:?}");
    assert_eq!(files(folder.path()), [""; 0]);
}

#[tokio::test]
async fn what_another_rehearsal_uses_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let scratch = folder.path().join("shop.db-rehearsal");
    fs::write(&scratch, "of another one").unwrap();
    let said = rehearse(&format!("sqlite:{}", path.display()), &[]).await;
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("another rehearsal is running"), "{said:?}");
    assert_eq!(fs::read_to_string(scratch).unwrap(), "of another one");
}

#[tokio::test]
async fn a_rehearsal_without_a_quick_step_recommends_nothing() {
    let said = rehearse("memory:", &["--hold-within=1ns", "--time=2s"]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("no rate can be recommended"), "{said:?}");
    let refused = rehearse("memory:", &["--time=1h"]).await;
    assert!(refused.err.contains("--time must be from 1s to 10m"), "{refused:?}");
}
