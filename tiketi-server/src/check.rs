//! `check`: whether the server could start as it is configured.

use tokio::net::lookup_host;

use crate::failure::{Failure, with_causes};
use crate::logging;
use crate::options::{self, Options};
use crate::output::print_line;
use crate::settings::Settings;
use crate::{secrets, store};

/// Checks every setting, and prints one line for each.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let mut report = Report::default();
    for name in options::unknown_variables() {
        print_line(&format!("warning  environment: {name} names no option"))?;
    }
    report.add("log filter", logging::filter(&options.log).map(|_| options.log.clone()))?;
    report.add("address", resolve(&options.listen).await)?;
    match Settings::of(options) {
        Ok(settings) => {
            report.add("options", Ok("valid".into()))?;
            report.add("secret", secrets::describe(&settings))?;
            report.add("store", store::describe(&settings.store).await)?;
            report.add("images", images(&settings))?;
            report.add("waiting rooms", settings.waiting.describe().await)?;
            if let Some(mail) = &settings.mail {
                report.add("mail", mail.describe().await)?;
            }
            if let Some(google) = &settings.accounts.google {
                report.add("Google", google.describe().await)?;
            }
            if let Some(toss) = &settings.toss {
                report.add("TossPayments", toss.describe().await)?;
            }
        }
        Err(failure) => report.add("options", Err(failure))?,
    }
    report.finish()
}

#[derive(Debug, Default)]
struct Report {
    failed: usize,
}

impl Report {
    /// Prints the result of a check.
    fn add(&mut self, checked: &str, result: Result<String, Failure>) -> Result<(), Failure> {
        match result {
            Ok(description) => print_line(&format!("ok       {checked}: {description}")),
            Err(failure) => {
                self.failed += 1;
                print_line(&format!("failed   {checked}: {}", failure.sentence()))
            }
        }
    }

    /// Fails if a check failed.
    fn finish(self) -> Result<(), Failure> {
        match self.failed {
            0 => Ok(()),
            1 => Err(Failure::new("1 check failed")),
            failed => Err(Failure::new(format!("{failed} checks failed"))),
        }
    }
}

/// Describes where images are stored; nothing is written.
fn images(settings: &Settings) -> Result<String, Failure> {
    match &settings.images {
        Some(place) => place.open().map(|_| place.to_string()),
        None => Ok("none; --images names a bucket that all servers share".into()),
    }
}

/// Resolves the address without binding it: a running server may use it.
async fn resolve(address: &str) -> Result<String, Failure> {
    let failed = |problem: String| Failure::new(format!("--listen {address}: {problem}"));
    let mut found = lookup_host(address).await.map_err(|error| failed(with_causes(&error)))?;
    found.next().map(|found| found.to_string()).ok_or_else(|| failed("the address does not exist".into()))
}
