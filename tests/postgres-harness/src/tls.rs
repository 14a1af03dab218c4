//! TLS for a server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::error::HarnessError;

/// Writes a key and a certificate into a data folder, and makes the server refuse connections without TLS.
pub(crate) fn require(account: Account, data: &Path) -> Result<(), HarnessError> {
    let failed = |error: rcgen::Error| HarnessError::Certificate(error.to_string());
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).map_err(failed)?;
    write(account, &certificate(data), &made.cert.pem())?;
    write(account, &data.join("server.key"), &made.signing_key.serialize_pem())?;
    let rules = data.join("pg_hba.conf");
    let text = fs::read_to_string(&rules).map_err(HarnessError::io("cannot read pg_hba.conf"))?;
    fs::write(rules, text.replace("\nhost ", "\nhostssl "))
        .map_err(HarnessError::io("cannot write pg_hba.conf"))
}

/// Returns the certificate's file in a data folder.
pub(crate) fn certificate(data: &Path) -> PathBuf {
    data.join("server.crt")
}

fn write(account: Account, file: &Path, text: &str) -> Result<(), HarnessError> {
    let doing = || HarnessError::io(format!("cannot write {}", file.display()));
    fs::write(file, text).map_err(doing())?;
    // Postgres refuses a key that others may read.
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).map_err(doing())?;
    account.own(file)
}
