//! The files and processes of one server.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::account::Account;
use crate::error::HarnessError;
use crate::watchdog::Watchdog;
use crate::{binaries, processes, tls};

/// The superuser's name.
pub(crate) const USER: &str = "harness";
/// Texts in the order people expect, where bytes would put all capitals first.
const PEOPLES_ORDER: [&str; 3] = ["--locale=C", "--locale-provider=icu", "--icu-locale=en-US"];
/// The order of a build without ICU, which Postgres has since version 17: that of the code points.
const BUILTIN_ORDER: [&str; 3] = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
/// How many ports are tried when another process takes the chosen one.
const TRIES: u32 = 5;

/// Whether a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    /// A commit does not wait: faster, and safe against every failure except a loss of power.
    Off,
    /// A commit waits, as in production.
    On,
}

/// A data folder and the server that runs on it; dropping it removes both.
#[derive(Debug)]
pub(crate) struct Cluster {
    account: Account,
    binaries: PathBuf,
    folder: PathBuf,
    pub(crate) password: String,
    pub(crate) port: u16,
    _watchdog: Watchdog,
}

impl Cluster {
    /// Creates a new data folder and starts a server on it.
    pub(crate) fn start(fsync: Fsync, settings: &[(&str, &str)]) -> Result<Self, HarnessError> {
        Self::start_once(fsync, settings, |_| Ok(()))
    }

    /// Creates a new data folder and starts a server on it that refuses connections without TLS.
    pub(crate) fn start_with_tls() -> Result<Self, HarnessError> {
        Self::start_once(Fsync::Off, &[("ssl", "on")], |cluster| {
            tls::require(cluster.account, &cluster.data())
        })
    }

    fn start_once(
        fsync: Fsync,
        settings: &[(&str, &str)],
        prepared: impl FnOnce(&Self) -> Result<(), HarnessError>,
    ) -> Result<Self, HarnessError> {
        let mut cluster = Self::prepare(format!("{:032x}", rand::random::<u128>()))?;
        cluster.make_data()?;
        cluster.configure(fsync, settings)?;
        prepared(&cluster)?;
        cluster.start_somewhere()?;
        Ok(cluster)
    }

    /// Copies a running server into a new data folder, and starts a standby on the copy.
    pub(crate) fn start_standby(primary: &Self) -> Result<Self, HarnessError> {
        let mut cluster = Self::prepare(primary.password.clone())?;
        let mut copy = cluster.program("pg_basebackup");
        copy.args(["-h", "127.0.0.1", "-p", &primary.port.to_string(), "-U", USER, "-R", "-c", "fast", "-D"]);
        copy.arg(cluster.data()).env("PGPASSWORD", &primary.password);
        run(copy)?;
        cluster.start_somewhere()?;
        Ok(cluster)
    }

    /// Creates a folder that is removed even if a later step fails.
    fn prepare(password: String) -> Result<Self, HarnessError> {
        let (account, binaries) = (Account::find()?, binaries::folder()?);
        let ours_alone = fs::Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix("tiketi-postgres-").permissions(ours_alone).tempdir();
        let folder = folder.map_err(HarnessError::io("cannot make a temporary folder"))?;
        account.own(folder.path())?;
        let watchdog = Watchdog::start(account, &binaries, folder.path())?;
        Ok(Self { account, binaries, folder: folder.keep(), password, port: 0, _watchdog: watchdog })
    }

    fn make_data(&self) -> Result<(), HarnessError> {
        let secret = self.folder.join("password");
        fs::write(&secret, &self.password).map_err(HarnessError::io("cannot write a password"))?;
        self.account.own(&secret)?;
        match self.init(&secret, &PEOPLES_ORDER) {
            Err(HarnessError::Command { said, .. }) if said.contains("ICU is not supported") => {
                self.init(&secret, &BUILTIN_ORDER)
            }
            made => made,
        }
    }

    fn init(&self, secret: &Path, order: &[&str]) -> Result<(), HarnessError> {
        let mut make = self.program("initdb");
        make.args(["-U", USER, "-A", "scram-sha-256", "-E", "UTF8", "--no-sync", "--no-instructions"]);
        make.args(order).arg("--pwfile").arg(secret).arg("-D").arg(self.data());
        run(make)
    }

    fn configure(&self, fsync: Fsync, settings: &[(&str, &str)]) -> Result<(), HarnessError> {
        let mut lines = vec![
            ("listen_addresses", "127.0.0.1"),
            ("unix_socket_directories", ""),
            ("max_connections", "300"),
        ];
        if fsync == Fsync::Off {
            lines.extend([("fsync", "off"), ("full_page_writes", "off")]);
        }
        lines.extend(settings);
        let lines: Vec<String> = lines.iter().map(|(name, value)| format!("{name} = '{value}'\n")).collect();
        let text = lines.concat();
        let file = OpenOptions::new().append(true).open(self.data().join("postgresql.conf"));
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(HarnessError::io("cannot configure a Postgres server"))
    }

    fn start_somewhere(&mut self) -> Result<(), HarnessError> {
        let mut tries = 1;
        loop {
            self.port = tiketi_test_ports::lease();
            match self.start_again() {
                Err(_) if tries < TRIES && self.log().contains("Address already in use") => tries += 1,
                outcome => return outcome,
            }
        }
    }

    /// Starts the server again at the same port, also after a crash.
    pub(crate) fn start_again(&self) -> Result<(), HarnessError> {
        let mut start = self.control("start");
        start.arg("-o").arg(format!("-p {}", self.port)).arg("-l").arg(self.folder.join("log"));
        run(start).map_err(|error| match error {
            HarnessError::Command { command, .. } => HarnessError::Command { command, said: self.log() },
            other => other,
        })
    }

    /// Stops the server: it closes its connections and writes what is committed.
    pub(crate) fn stop(&self) -> Result<(), HarnessError> {
        let mut stop = self.control("stop");
        stop.args(["-m", "fast"]);
        run(stop)
    }

    /// Kills the server with all its processes.
    pub(crate) fn kill(&self) -> Result<(), HarnessError> {
        processes::kill(&self.data())
    }

    /// Makes a standby the primary.
    pub(crate) fn promote(&self) -> Result<(), HarnessError> {
        run(self.control("promote"))
    }

    /// Returns whether the server was started and neither stopped nor killed since.
    pub(crate) fn is_started(&self) -> bool {
        self.data().join("postmaster.pid").exists()
    }

    /// Returns the whole log of the server.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn control(&self, verb: &str) -> Command {
        let mut control = self.program("pg_ctl");
        control.args([verb, "-w", "-s", "-D"]).arg(self.data());
        control
    }

    fn program(&self, name: &str) -> Command {
        self.account.command(self.binaries.join(name), &self.folder)
    }
}

/// Runs a program until it ends, and fails if its exit code is not 0.
fn run(mut command: Command) -> Result<(), HarnessError> {
    let name =
        Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let output = command.stderr(std::process::Stdio::piped()).output();
    let output = output.map_err(HarnessError::io(format!("cannot run {name}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(HarnessError::Command { command: name, said: String::from_utf8_lossy(&output.stderr).into_owned() })
}
