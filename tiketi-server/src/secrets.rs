//! Generates secrets that were not given.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret, SecretString};
use tiketi_http::TokenSecret;

use crate::failure::Failure;
use crate::settings::{Settings, token_secret};

/// Letters of a secret that signs tokens: 260 bits.
const SIGNING_LETTERS: usize = 52;

/// Letters without those that look alike; 32 of them, so that five bits choose each evenly.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Generates a secret of this many letters, 5 bits each, from the operating system's randomness.
pub(crate) fn generate(letters: usize) -> Result<SecretString, Failure> {
    let mut bytes = vec![0_u8; letters];
    let filled = SysRng.try_fill_bytes(&mut bytes);
    filled.map_err(|error| Failure::during("cannot generate a secret", &error))?;
    let text: String = bytes
        .into_iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)).map(|letter| char::from(*letter)))
        .collect();
    Ok(SecretString::from(text))
}

/// Refuses a missing secret for one of many servers: the others would not know a generated one.
pub(crate) fn require(settings: &Settings) -> Result<(), Failure> {
    if settings.store.is_shared() && settings.jwt_secret.is_none() {
        let why = "every server that shares the store must accept the tokens of the others";
        return Err(Failure::new(format!("--store postgres:// needs --jwt-secret: {why}")));
    }
    Ok(())
}

/// Generates the secret of a shop that no buyer signs in to.
pub(crate) fn passing() -> Result<TokenSecret, Failure> {
    token_secret(generate(SIGNING_LETTERS)?, "the generated secret")
}

/// Returns the secret that signs tokens: the one given, the one stored beside the store, or a new one.
///
/// A stored secret keeps tokens valid over a restart.
pub(crate) fn signing(settings: &Settings) -> Result<TokenSecret, Failure> {
    if let Some(given) = &settings.jwt_secret {
        return Ok(given.clone());
    }
    let Some(store) = settings.store.file() else {
        tracing::warn!("--jwt-secret is not set; tokens are invalid once the process ends");
        return token_secret(generate(SIGNING_LETTERS)?, "the generated secret");
    };
    let file = beside(store);
    if let Some(stored) = read(&file)? {
        return Ok(stored);
    }
    let generated = generate(SIGNING_LETTERS)?;
    write(&file, &generated)
        .map_err(|error| Failure::during(format!("cannot write {}", file.display()), &error))?;
    tracing::info!(file = %file.display(), "--jwt-secret is not set; a secret was generated and stored");
    token_secret(generated, "the generated secret")
}

/// Describes which secret will sign tokens, and generates none.
pub(crate) fn describe(settings: &Settings) -> Result<String, Failure> {
    require(settings)?;
    let Some(store) = settings.store.file().filter(|_| settings.jwt_secret.is_none()) else {
        let given = settings.jwt_secret.is_some();
        return Ok(if given { "given" } else { "will be generated and lost when the server stops" }.into());
    };
    let file = beside(store);
    let state = if read(&file)?.is_some() { "is stored in" } else { "will be generated and stored in" };
    Ok(format!("{state} {}", file.display()))
}

fn beside(store: &Path) -> PathBuf {
    let mut name = store.file_name().unwrap_or_default().to_owned();
    name.push(".jwt-secret");
    store.with_file_name(name)
}

fn read(file: &Path) -> Result<Option<TokenSecret>, Failure> {
    let shown = file.display();
    match fs::read_to_string(file) {
        Ok(text) => token_secret(SecretString::from(text.trim()), &shown.to_string()).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::during(format!("cannot read {shown}"), &error)),
    }
}

/// Writes the secret atomically, readable for its owner only.
fn write(file: &Path, secret: &SecretString) -> io::Result<()> {
    let mut draft = file.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    // A file of an interrupted write may be readable for others.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&draft)?;
    written.write_all(secret.expose_secret().as_bytes())?;
    written.sync_all()?;
    fs::rename(draft, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_secrets_differ() {
        let secret = || generate(52).unwrap().expose_secret().to_owned();
        let (one, other) = (secret(), secret());
        assert_ne!(one, other);
        assert_eq!((one.len(), other.len()), (52, 52));
    }
}
