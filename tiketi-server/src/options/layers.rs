//! Flags over environment over file.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use crate::failure::Failure;
use crate::options::{Command, CommandLine, file};

/// Reads the command line, the environment, and the file they name.
///
/// The file's values are put before the flags, for those options that nothing else sets; so each is
/// read, and refused, in the same words wherever it came from.
pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<CommandLine, Failure> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let first = declaration().try_get_matches_from(&arguments)?;
    let Some(path) = first.get_one::<PathBuf>("config") else {
        return Ok(CommandLine::from_arg_matches(&first)?);
    };
    let shown = path.display().to_string();
    // `check` has one answer for everything that is wrong.
    let refused = |failure: Failure| match first.subcommand_name() {
        Some("check") => failure.found(),
        _ => failure,
    };
    let options =
        file::read(path, &keys()).map_err(refused)?.into_iter().filter(|(key, _)| !is_set(&first, key));
    let flags: Vec<OsString> = options.map(|(key, value)| format!("--{key}={value}").into()).collect();
    let after_name = arguments.len().min(1);
    arguments.splice(after_name..after_name, flags);
    let matches = declaration().try_get_matches_from(&arguments);
    let read = matches.and_then(|matches| CommandLine::from_arg_matches(&matches));
    read.map_err(|error| refused(Failure::from(error).within(&shown)))
}

impl CommandLine {
    /// Returns what to do, serving by default.
    pub(crate) fn into_parts(self) -> (crate::options::Options, Command) {
        (self.options, self.command.unwrap_or(Command::Serve))
    }
}

/// Returns the variables that look like options and are none: most likely misspelt.
pub(crate) fn unknown_variables() -> Vec<String> {
    let known: Vec<String> = keys().iter().map(|key| variable(key)).collect();
    let ours = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let ours = ours.filter(|name| name.starts_with("TIKETI_") && name != "TIKETI_CONFIG");
    ours.filter(|name| !known.contains(name)).collect()
}

/// Gives every option its variable, and lets it stand before or after the command.
pub(super) fn declaration() -> clap::Command {
    CommandLine::command().mut_args(|argument| {
        let variable = argument.get_long().map(variable);
        let argument = argument.global(true).hide_env_values(true);
        match variable {
            // An empty variable, as container set-ups write them, says nothing.
            Some(name) if env::var_os(&name).is_none_or(|value| !value.is_empty()) => {
                argument.env(leaked(name))
            }
            _ => argument,
        }
    })
}

/// The flags' names, without those that only a command line can have.
fn keys() -> Vec<String> {
    let command = CommandLine::command();
    let flags = command.get_arguments().filter_map(clap::Arg::get_long);
    flags.filter(|flag| !["config", "help", "version"].contains(flag)).map(str::to_owned).collect()
}

fn variable(flag: &str) -> String {
    format!("TIKETI_{}", flag.to_uppercase().replace('-', "_"))
}

/// Names of variables live as long as the process; there is one a flag.
fn leaked(name: String) -> &'static str {
    Box::leak(name.into_boxed_str())
}

fn is_set(matches: &ArgMatches, key: &str) -> bool {
    let source = matches.value_source(&key.replace('-', "_"));
    source.is_some_and(|source| source != ValueSource::DefaultValue)
}
