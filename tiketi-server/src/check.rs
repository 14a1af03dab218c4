//! `check`: whether the server could start as it is configured.

use tokio::net::lookup_host;

use crate::failure::{Failure, with_causes};
use crate::logging;
use crate::options::{self, Options};
use crate::output::say;
use crate::settings::Settings;
use crate::{secrets, store};

/// Checks every setting, and prints one line for each.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let mut found = Found::default();
    for name in options::unknown_variables() {
        say(&format!("warning  environment: there is no option for {name}"))?;
    }
    found.note("log filter", logging::filter(&options.log).map(|_| options.log.clone()))?;
    found.note("address", resolve(&options.listen).await)?;
    match Settings::of(options) {
        Ok(settings) => {
            found.note("options", Ok("sound".into()))?;
            found.note("secret", secrets::look(&settings))?;
            found.note("store", store::look(&settings.store).await)?;
            if let Some(toss) = &settings.toss {
                found.note("TossPayments", toss.look().await)?;
            }
        }
        Err(failure) => found.note("options", Err(failure))?,
    }
    found.verdict()
}

#[derive(Debug, Default)]
struct Found {
    wrong: usize,
}

impl Found {
    fn note(&mut self, what: &str, how: Result<String, Failure>) -> Result<(), Failure> {
        match how {
            Ok(how) => say(&format!("ok       {what}: {how}")),
            Err(failure) => {
                self.wrong += 1;
                say(&format!("wrong    {what}: {}", failure.sentence()))
            }
        }
    }

    fn verdict(self) -> Result<(), Failure> {
        match self.wrong {
            0 => Ok(()),
            1 => Err(Failure::new("one thing is wrong")),
            wrong => Err(Failure::new(format!("{wrong} things are wrong"))),
        }
    }
}

/// Resolves the address without binding it: a running server may use it.
async fn resolve(address: &str) -> Result<String, Failure> {
    let failed = |problem: String| Failure::new(format!("--listen {address}: {problem}"));
    let mut found = lookup_host(address).await.map_err(|error| failed(with_causes(&error)))?;
    found.next().map(|found| found.to_string()).ok_or_else(|| failed("there is no such address".into()))
}
