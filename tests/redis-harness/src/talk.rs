//! Commands over a separate connection, for what a client library cannot do.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use crate::error::HarnessError;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends a command, and returns its answer as text; an array as one line for each element.
///
/// An unknown or refused command is an error.
pub(crate) fn ask(port: u16, command: &str) -> Result<String, HarnessError> {
    let failed = || HarnessError::io("cannot talk to a Redis server of the tests");
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(failed())?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(failed())?;
    stream.write_all(format!("{command}\r\n").as_bytes()).map_err(failed())?;
    let mut reader = BufReader::new(stream);
    let answer = read(&mut reader).map_err(failed())?;
    answer.map_err(|answer| HarnessError::Refused { command: command.to_owned(), answer })
}

/// Reads one RESP answer; the inner error is an error of Redis.
fn read(reader: &mut impl BufRead) -> std::io::Result<Result<String, String>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let line = line.trim_end();
    let Some((kind, rest)) = line.split_at_checked(1) else {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    };
    let count: usize = rest.parse().unwrap_or(0);
    match kind {
        "-" => Ok(Err(rest.to_owned())),
        "$" if rest != "-1" => {
            let mut bytes = vec![0; count + 2];
            reader.read_exact(&mut bytes)?;
            bytes.truncate(count);
            Ok(Ok(String::from_utf8_lossy(&bytes).into_owned()))
        }
        "*" => {
            let elements: std::io::Result<Vec<_>> = (0..count).map(|_| read(reader)).collect();
            Ok(elements?.into_iter().collect::<Result<Vec<_>, _>>().map(|elements| elements.join("\n")))
        }
        _ => Ok(Ok(rest.to_owned())),
    }
}
