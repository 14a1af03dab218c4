//! Merges the options: flags before environment before file.

use std::any::TypeId;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory, FromArgMatches};

use crate::failure::Failure;
use crate::options::{Command, CommandLine, file};

/// Reads the command line, the environment and the configuration file.
///
/// Values of the file are added as flags, for options that neither a flag nor a variable sets. Every value is therefore
/// parsed by the same code and refused with the same message, wherever it came from.
pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<CommandLine, Failure> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let first = declaration().try_get_matches_from(&arguments)?;
    let Some(path) = first.get_one::<PathBuf>("config") else {
        return Ok(CommandLine::from_arg_matches(&first)?);
    };
    let shown = path.display().to_string();
    // `check` exits with 1 for everything that is wrong, usage errors included.
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
    /// Returns the command; the default is to serve.
    pub(crate) fn into_parts(self) -> (crate::options::Options, Command) {
        (self.options, self.command.unwrap_or(Command::Serve))
    }
}

/// Returns `TIKETI_` variables that name no option, most likely misspelt.
pub(crate) fn unknown_variables() -> Vec<String> {
    let known: Vec<String> = keys().iter().map(|key| variable(key)).collect();
    let ours = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let ours = ours.filter(|name| name.starts_with("TIKETI_") && name != "TIKETI_CONFIG");
    ours.filter(|name| !known.contains(name)).collect()
}

/// Gives every option its variable, and allows it before or after the command.
pub(super) fn declaration() -> clap::Command {
    CommandLine::command().mut_args(|argument| {
        let variable = argument.get_long().map(variable);
        let argument = switch(argument).global(true).hide_env_values(true);
        match variable {
            // Container set-ups write unset variables as empty ones.
            Some(name) if env::var_os(&name).is_none_or(|value| !value.is_empty()) => {
                argument.env(leaked(name))
            }
            _ => argument,
        }
    })
}

/// Lets a flag of type `bool` have a value: a file or a variable can set it, and a flag can then clear it.
///
/// A `bool` is false by default; an `Option<bool>` has no default.
fn switch(argument: Arg) -> Arg {
    if argument.get_value_parser().type_id() != TypeId::of::<bool>() {
        return argument;
    }
    let argument = match argument.get_action() {
        ArgAction::SetTrue => argument.default_value("false"),
        _ => argument,
    };
    argument
        .action(ArgAction::Set)
        .value_name("BOOL")
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .value_parser(BoolishValueParser::new())
        .hide_possible_values(true)
}

/// Returns the flags' names, without those that only a command line can have.
fn keys() -> Vec<String> {
    let command = CommandLine::command();
    let flags = command.get_arguments().filter_map(Arg::get_long);
    flags.filter(|flag| !["config", "help", "version"].contains(flag)).map(str::to_owned).collect()
}

fn variable(flag: &str) -> String {
    format!("TIKETI_{}", flag.to_uppercase().replace('-', "_"))
}

/// Leaks the name: clap needs it for the life of the process, and there is one per flag.
fn leaked(name: String) -> &'static str {
    Box::leak(name.into_boxed_str())
}

fn is_set(matches: &ArgMatches, key: &str) -> bool {
    let source = matches.value_source(&key.replace('-', "_"));
    source.is_some_and(|source| source != ValueSource::DefaultValue)
}
