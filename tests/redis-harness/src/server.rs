//! A running server.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{HarnessError, expect};
use crate::process::{Process, check_installed, wait_until_ready};
use crate::talk;

/// A node of a Cluster also listens at its port plus this number.
const BUS: u16 = 10_000;

/// A private Redis server; clones share it, and dropping the last one ends it.
///
/// It writes nothing to disk, so it is empty after [`Server::kill`] and [`Server::start_again`].
#[derive(Debug, Clone)]
pub struct Server {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    port: u16,
    folder: PathBuf,
    process: Process,
    settings: Settings,
}

/// How a server is started.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whether it is a node of a Cluster.
    pub cluster: bool,
    /// Name and password of its one user; clients that do not sign in have all rights as well.
    pub user: Option<(&'static str, &'static str)>,
    /// Whether it accepts only connections over TLS.
    pub tls: bool,
}

impl Server {
    /// Starts a server on the loopback that needs no password.
    ///
    /// # Panics
    ///
    /// If no server can be started, with the reason.
    pub fn start() -> Self {
        Self::start_with(Settings::default())
    }

    /// Starts a server with settings.
    ///
    /// # Panics
    ///
    /// As for [`Server::start`].
    pub fn start_with(settings: Settings) -> Self {
        expect(Self::try_start(settings))
    }

    fn try_start(settings: Settings) -> Result<Self, HarnessError> {
        check_installed()?;
        let folder = tempfile::tempdir().map_err(HarnessError::io("cannot make a folder"))?.keep();
        let port = tiketi_test_ports::lease_pair(BUS);
        let inner = Inner { process: Process::new(&folder)?, port, folder, settings };
        inner.write_configuration()?;
        inner.process.tell("start")?;
        inner.wait()?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns its address, with the name and password of its user.
    pub fn url(&self) -> String {
        let Settings { user, tls, .. } = self.inner.settings;
        let scheme = if tls { "rediss" } else { "redis" };
        let user = user.map(|(name, password)| format!("{name}:{password}@")).unwrap_or_default();
        format!("{scheme}://{user}127.0.0.1:{}", self.inner.port)
    }

    /// Returns its port; a restart does not change it.
    pub fn port(&self) -> u16 {
        self.inner.port
    }

    /// Returns the self-signed certificate for `127.0.0.1`, as PEM.
    ///
    /// # Panics
    ///
    /// If it does not use TLS.
    pub fn certificate(&self) -> Vec<u8> {
        expect(fs::read(self.inner.folder.join("server.crt")).map_err(HarnessError::io("no certificate")))
    }

    /// Sends an inline command such as `INFO memory`, and returns the answer as text.
    ///
    /// # Panics
    ///
    /// If the server does not answer, or refuses.
    pub fn ask(&self, command: &str) -> String {
        expect(self.try_ask(command))
    }

    pub(crate) fn try_ask(&self, command: &str) -> Result<String, HarnessError> {
        talk::ask(self.inner.port, command)
    }

    /// Sends an inline command, and returns the answer, or the error with which Redis refuses it.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub fn ask_or_refused(&self, command: &str) -> Result<String, String> {
        match self.try_ask(command) {
            Err(HarnessError::Refused { answer, .. }) => Err(answer),
            outcome => Ok(expect(outcome)),
        }
    }

    /// Kills the server with `SIGKILL`, and returns once its process has ended.
    ///
    /// # Panics
    ///
    /// If the shell has ended.
    pub fn kill(&self) {
        expect(self.inner.process.tell("kill"));
    }

    /// Starts a killed server again, empty, at the same port.
    ///
    /// # Panics
    ///
    /// As for [`Server::start`].
    pub fn start_again(&self) {
        expect(self.inner.process.tell("start").and_then(|()| self.inner.wait()));
    }

    /// Stops the server's process, without closing its connections.
    ///
    /// # Panics
    ///
    /// If the shell has ended.
    pub fn freeze(&self) {
        expect(self.inner.process.tell("freeze"));
    }

    /// Continues a stopped server.
    ///
    /// # Panics
    ///
    /// If the shell has ended.
    pub fn thaw(&self) {
        expect(self.inner.process.tell("thaw"));
    }
}

impl Inner {
    fn write_configuration(&self) -> Result<(), HarnessError> {
        let (port, folder) = (self.port, self.folder.display());
        let mut text = format!(
            "bind 127.0.0.1\ndir {folder}\nsave \"\"\nappendonly no\nprotected-mode no\nlua-time-limit 100\n"
        );
        let mut add = |line: std::fmt::Arguments<'_>| {
            let _written = writeln!(text, "{line}");
        };
        if self.settings.tls {
            self.write_certificate()?;
            add(format_args!("port 0\ntls-port {port}\ntls-auth-clients no"));
            add(format_args!("tls-cert-file {folder}/server.crt\ntls-key-file {folder}/server.key"));
            add(format_args!("tls-ca-cert-file {folder}/server.crt"));
        } else {
            add(format_args!("port {port}"));
        }
        if let Some((name, password)) = self.settings.user {
            add(format_args!("user default off\nuser {name} on >{password} ~* &* +@all"));
        }
        if self.settings.cluster {
            add(format_args!("cluster-enabled yes\ncluster-node-timeout 1000"));
            add(format_args!("cluster-replica-validity-factor 0"));
        }
        fs::write(self.folder.join("redis.conf"), text).map_err(HarnessError::io("cannot write redis.conf"))
    }

    fn write_certificate(&self) -> Result<(), HarnessError> {
        let failed = |error: rcgen::Error| HarnessError::Certificate(error.to_string());
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).map_err(failed)?;
        let write = |name: &str, text: String| {
            fs::write(self.folder.join(name), text).map_err(HarnessError::io("cannot write a certificate"))
        };
        write("server.crt", made.cert.pem())?;
        write("server.key", made.signing_key.serialize_pem())
    }

    fn wait(&self) -> Result<(), HarnessError> {
        if self.settings.tls {
            // The server does not understand a PING without TLS; its log says when it listens.
            return crate::process::wait_for("the start of a Redis server", || {
                fs::read_to_string(self.folder.join("log"))
                    .is_ok_and(|log| log.contains("Ready to accept connections"))
            });
        }
        wait_until_ready(self.port)
    }
}
