//! The folder of the installed Postgres programs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::error::HarnessError;

const NEEDED: [&str; 4] = ["initdb", "pg_ctl", "postgres", "pg_basebackup"];

/// Names a folder of programs, instead of those that are installed.
const CHOSEN: &str = "TIKETI_TEST_POSTGRES";

/// Returns the folder that has every program: the chosen one, or else the one in `PATH`, what `pg_config` reports, or
/// Debian's newest.
pub(crate) fn folder() -> Result<PathBuf, HarnessError> {
    if let Some(chosen) = env::var_os(CHOSEN).map(PathBuf::from) {
        return if has_everything(&chosen) { Ok(chosen) } else { Err(HarnessError::NotInstalled) };
    }
    let candidates = in_path().chain(told_by_pg_config()).chain(debians());
    candidates.into_iter().find(|folder| has_everything(folder)).ok_or(HarnessError::NotInstalled)
}

fn has_everything(folder: &Path) -> bool {
    NEEDED.iter().all(|program| folder.join(program).is_file())
}

/// Follows links, because each program looks for the others in its own folder.
fn in_path() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let found = folders.into_iter().filter_map(|folder| fs::canonicalize(folder.join("initdb")).ok());
    found.filter_map(|initdb| initdb.parent().map(Path::to_path_buf))
}

fn told_by_pg_config() -> Option<PathBuf> {
    let told = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(PathBuf::from(String::from_utf8(told.stdout).ok()?.trim_end()))
}

fn debians() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    folders.sort_unstable_by(|one, other| other.cmp(one));
    folders.into_iter().map(|(_, folder)| folder).collect()
}
