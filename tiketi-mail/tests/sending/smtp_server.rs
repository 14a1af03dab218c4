//! An SMTP server on loopback that keeps mails and fails on demand (RFC 5321, as much as a client needs).

use std::sync::{Arc, Mutex};

use tiketi_mail::SmtpMailer;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How the server fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// It takes one mail over, and closes the connection before it says so.
    DropAfterData,
    /// It answers every recipient with this line.
    Recipient(&'static str),
    /// It answers every mail with this line.
    Always(&'static str),
}

/// A mail that the server took over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received {
    pub(crate) to: Vec<String>,
    pub(crate) data: String,
}

impl Received {
    /// Returns a header's value.
    pub(crate) fn header(&self, name: &str) -> String {
        let line = self.data.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_default().to_owned()
    }

    /// Returns the part that is plain text, decoded.
    pub(crate) fn plain_text(&self) -> String {
        let part = self.data.split("Content-Type: text/plain").nth(1).unwrap();
        let (head, rest) = part.split_once("\r\n\r\n").unwrap();
        let body = rest.split("\r\n--").next().unwrap();
        assert!(head.contains("quoted-printable") || head.contains("base64"), "{head}");
        if head.contains("base64") { base64(body) } else { quoted_printable(body) }
    }
}

fn quoted_printable(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let (mut bytes, mut rest) = (Vec::new(), joined.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        if *first == b'=' && after.len() >= 2 {
            let hex = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn base64(text: &str) -> String {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> =
        text.bytes().filter(|c| !c.is_ascii_whitespace() && *c != b'=').map(value).collect();
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let bits =
            four.iter().fold(0_u32, |bits, digit| bits << 6 | u32::from(*digit)) << (6 * (4 - four.len()));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    String::from_utf8(bytes).unwrap()
}

pub(crate) struct SmtpServer {
    port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    fault: Fault,
    received: Vec<Received>,
}

impl SmtpServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { fault: Fault::None, received: Vec::new() }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { port, state, task }
    }

    pub(crate) fn mailer(&self) -> SmtpMailer {
        let url = format!("smtp://127.0.0.1:{}", self.port).into();
        SmtpMailer::new(&url, "Tickets <shop@tickets.example>").unwrap()
    }

    pub(crate) fn fail(&self, fault: Fault) {
        self.state.lock().unwrap().fault = fault;
    }

    /// Returns the mails since the last call.
    pub(crate) fn drain(&self) -> Vec<Received> {
        std::mem::take(&mut self.state.lock().unwrap().received)
    }

    pub(crate) fn stop(&self) {
        self.task.abort();
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Speaks with one client until it leaves.
async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    let mut mail = Received::default();
    stream.write_all(b"220 test\r\n").await.unwrap();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let fault = state.lock().unwrap().fault;
        let upper = line.to_uppercase();
        let answer = match upper.split([' ', '\r']).next().unwrap_or_default() {
            "EHLO" => "250-test\r\n250 8BITMIME",
            "RCPT" => {
                if let Fault::Recipient(refused) = fault {
                    refused
                } else {
                    let address = line.split(['<', '>']).nth(1).unwrap_or_default();
                    mail.to.push(address.to_owned());
                    "250 ok"
                }
            }
            "DATA" => {
                stream.write_all(b"354 go\r\n").await.unwrap();
                mail.data = data(&mut stream).await;
                if let Fault::Always(refused) = fault {
                    refused
                } else {
                    state.lock().unwrap().received.push(std::mem::take(&mut mail));
                    if fault == Fault::DropAfterData {
                        state.lock().unwrap().fault = Fault::None;
                        return;
                    }
                    "250 taken over"
                }
            }
            "QUIT" => return,
            "MAIL" | "RSET" => {
                mail = Received::default();
                "250 ok"
            }
            _ => "250 ok",
        };
        if stream.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn data(stream: &mut BufReader<TcpStream>) -> String {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        if line == ".\r\n" {
            return data;
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
