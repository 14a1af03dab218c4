//! `tiketi-server`: the reference server, assembled from its options.

mod audit;
mod background_jobs;
mod backup;
mod check;
mod connections;
mod demo;
mod failure;
mod google;
mod guards;
mod images;
mod import;
mod logging;
mod mail;
mod metrics;
mod migrate;
mod options;
mod output;
mod rebuild_figures;
mod redis_check;
mod rehearse;
mod secrets;
mod serve;
mod settings;
mod shared_limits;
mod shop;
mod shutdown;
mod sockets;
mod store;
mod timer;
mod toss;
#[cfg(feature = "otlp")]
mod traces;
mod verify_draw;
mod waiting_rooms;
mod web;

use std::env;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::options::{Command, Options};
use crate::output::print_line;
use crate::settings::Settings;

// Returns memory to the system after a burst; the default allocator holds most of what building a large hall took.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run() -> Result<(), Failure> {
    let (options, command) = options::read(env::args_os())?.into_parts();
    choose_tls();
    match command {
        Command::Serve => {
            let _logging = start_logging(&options)?;
            runtime()?.block_on(serve::run(&Settings::of(options)?))
        }
        Command::Check => runtime()?.block_on(check::run(options)),
        Command::Openapi => print_openapi(),
        Command::VerifyDraw(published) => verify_draw::run(&published),
        Command::Rehearse(plan) => {
            let _logging = start_logging(&options)?;
            runtime()?.block_on(rehearse::run(&Settings::of(options)?, &plan))
        }
        Command::Migrate => runtime()?.block_on(migrate::run(&Settings::of(options)?)),
        Command::Audit(scope) => runtime()?.block_on(audit::run(&Settings::of(options)?, scope)),
        Command::Backup(to) => runtime()?.block_on(backup::run(&Settings::of(options)?, &to.file)),
        Command::RebuildFigures => runtime()?.block_on(rebuild_figures::run(&Settings::of(options)?)),
        Command::ImportLayout(plan) => {
            let _logging = start_logging(&options)?;
            runtime()?.block_on(import::run(Settings::of(options)?, plan))
        }
    }
}

/// Installs the process's TLS provider.
fn choose_tls() {
    // Fails only if a provider is installed already; nothing else installs one.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// The log, and the traces that are sent until it is dropped.
struct Logging {
    #[cfg(feature = "otlp")]
    _traces: Option<traces::Traces>,
}

fn start_logging(options: &Options) -> Result<Logging, Failure> {
    #[cfg(not(feature = "otlp"))]
    let logging = {
        logging::start(&options.log, options.log_format)?;
        Logging {}
    };
    #[cfg(feature = "otlp")]
    let logging = {
        let (traces, layer) = traces::start(&options.traced)?.unzip();
        logging::start(&options.log, options.log_format, layer)?;
        Logging { _traces: traces }
    };
    for name in options::unknown_variables() {
        tracing::warn!(name, "an environment variable names no option");
    }
    Ok(logging)
}

fn print_openapi() -> Result<(), Failure> {
    let document = tiketi_http::openapi().to_pretty_json();
    print_line(&document.map_err(|error| Failure::during("cannot write the document", &error))?)
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::during("cannot start", &error))
}
