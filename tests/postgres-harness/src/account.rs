//! The operating-system user that a server runs as.

use std::ffi::OsStr;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::error::HarnessError;

/// The user that owns a server's programs and files.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Account {
    /// The user that runs the tests.
    Ours,
    /// Another user, since Postgres refuses to run as root.
    Other { user: u32, group: u32 },
}

impl Account {
    /// Returns the user that runs Postgres: the current user, but for root the system user `postgres`, or `nobody` if there
    /// is none.
    pub(crate) fn find() -> Result<Self, HarnessError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Ours);
        }
        let users = fs::read_to_string("/etc/passwd").map_err(HarnessError::io("cannot read /etc/passwd"))?;
        let found = ["postgres", "nobody"].into_iter().find_map(|name| numbers(&users, name));
        let (user, group) = found.ok_or(HarnessError::NobodyToRunAs)?;
        Ok(Self::Other { user, group })
    }

    /// Gives a file or folder to the user.
    pub(crate) fn own(self, path: &Path) -> Result<(), HarnessError> {
        match self {
            Self::Ours => Ok(()),
            Self::Other { user, group } => chown(path, Some(user), Some(group))
                .map_err(HarnessError::io(format!("cannot give {} away", path.display()))),
        }
    }

    /// Prepares a program to run as the user in `folder`, without our terminal and without our environment
    /// variables.
    pub(crate) fn command(self, program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let settings = env::vars_os().map(|(name, _)| name);
        for name in settings.filter(|name| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        // The harness reads the messages, so they have to be in English.
        command.env("LC_ALL", "C");
        if let Self::Other { user, group } = self {
            command.uid(user).gid(group);
        }
        command
    }
}

/// Finds the numbers of a user and its group in the text of `/etc/passwd`.
fn numbers(users: &str, name: &str) -> Option<(u32, u32)> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let users =
            "root:x:0:0::/root:/bin/sh\nnobody2:x:7:8::/:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n";
        assert_eq!(numbers(users, "nobody"), Some((65_534, 65_533)));
        assert_eq!(numbers(users, "postgres"), None);
    }
}
