//! Lines on standard output, for people and for programs that wait for them, and notes beside them.

use std::io::{self, Write};

use crate::failure::Failure;

/// Writes a line and flushes it; a closed pipe is not a failure.
pub(crate) fn print_line(line: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::during("cannot write to standard output", &error))
        }
        _ => Ok(()),
    }
}

/// Writes a line that is no result to standard error; nothing depends on it.
pub(crate) fn print_note(line: &str) {
    let _lost = writeln!(io::stderr().lock(), "{line}");
}
