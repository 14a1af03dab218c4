//! A connection pooler between stores and a server.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use crate::account::Account;
use crate::cluster::USER;
use crate::error::{HarnessError, blocking};
use crate::server::Server;

/// So few that a client gets another session with nearly every transaction.
const SESSIONS: u32 = 3;
const PATIENCE: u32 = 1_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Runs the pooler until the other end of its input is closed, then removes its folder.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
"$1" "$2/pgbouncer.ini" &
cat
kill -KILL $!
cd / && rm -rf "$2"
"#;

/// A `PgBouncer` in transaction mode before a server. Dropping it ends the process.
#[derive(Debug)]
pub struct Pooler {
    port: u16,
    process: Mutex<Child>,
}

impl Pooler {
    /// Starts a pooler before a server.
    ///
    /// # Panics
    ///
    /// If the pooler cannot be started, with the reason.
    pub async fn start(server: &Server) -> Self {
        let (port, password) = (server.port(), server.password().to_owned());
        blocking(move || Self::before(port, &password)).await
    }

    /// Returns its port on the loopback; clients need no password.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn before(server: u16, password: &str) -> Result<Self, HarnessError> {
        let (account, port) = (Account::find()?, tiketi_test_ports::lease());
        let ours_alone = fs::Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix("tiketi-pooler-").permissions(ours_alone).tempdir();
        let folder = folder.map_err(HarnessError::io("cannot make a temporary folder"))?;
        account.own(folder.path())?;
        configure(account, folder.path(), server, port, password)?;
        let mut command = account.command("/bin/sh", folder.path());
        command.args(["-c", SCRIPT, "pooler"]).arg(program()?).arg(folder.path()).stdin(Stdio::piped());
        let process = command.spawn().map_err(HarnessError::io("cannot start a pooler"))?;
        // The script removes the folder.
        let _folder = folder.keep();
        let pooler = Self { port, process: Mutex::new(process) };
        for _ in 0..PATIENCE {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(pooler);
            }
            sleep(BETWEEN_LOOKS);
        }
        Err(HarnessError::Late("the start of a pooler"))
    }
}

impl Drop for Pooler {
    /// Ends the pooler and waits for the end of its process.
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap_or_else(PoisonError::into_inner);
        // `wait` also closes the input of the process.
        let _ended = process.wait();
    }
}

fn configure(
    account: Account,
    folder: &Path,
    server: u16,
    port: u16,
    password: &str,
) -> Result<(), HarnessError> {
    let users = folder.join("users.txt");
    let settings = format!(
        "[databases]\n\
        * = host=127.0.0.1 port={server} user={USER}\n\
        [pgbouncer]\n\
        listen_addr = 127.0.0.1\n\
        listen_port = {port}\n\
        unix_socket_dir =\n\
        auth_type = trust\n\
        auth_file = {}\n\
        pool_mode = transaction\n\
        default_pool_size = {SESSIONS}\n\
        max_client_conn = 100\n\
        ignore_startup_parameters = extra_float_digits\n",
        users.display()
    );
    let files =
        [(users.clone(), format!("\"{USER}\" \"{password}\"\n")), (folder.join("pgbouncer.ini"), settings)];
    for (file, text) in files {
        fs::write(&file, text).map_err(HarnessError::io("cannot configure a pooler"))?;
        account.own(&file)?;
    }
    Ok(())
}

/// Finds the program; Debian installs it in a folder that only root has in its `PATH`.
fn program() -> Result<PathBuf, HarnessError> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let mut programs = folders.map(|folder| folder.join("pgbouncer"));
    programs.find(|program| program.is_file()).ok_or(HarnessError::NoPooler)
}
