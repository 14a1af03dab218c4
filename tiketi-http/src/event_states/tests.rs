//! How small states are, and that the decoder in JavaScript reads what is written in Rust.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tiketi_core::fact::SeatStatus;
use tiketi_core::seat_states::{LayoutHash, SeatEntry, SeatStates, StatesOf};

use crate::gzip::{gunzip, gzip};

const STATES: [SeatStatus; 4] =
    [SeatStatus::Available, SeatStatus::Held, SeatStatus::Sold, SeatStatus::Blocked];
const HALL: usize = 20_000;

/// Numbers that are the same in every run (the constants are those of Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn state(&mut self) -> SeatStatus {
        STATES[usize::try_from(self.below(4)).unwrap()]
    }

    fn entries(&mut self, seats: u32) -> Vec<SeatEntry> {
        let mut chosen: Vec<_> = (0..seats).filter(|_| self.below(9) == 0).collect();
        chosen.dedup();
        chosen
            .into_iter()
            .map(|index| SeatEntry {
                index,
                state: self.state(),
                version: self.below(1 << 30) << self.below(23),
            })
            .collect()
    }
}

fn of(seats: usize, version: u64) -> StatesOf {
    StatesOf { layout: LayoutHash::from_bytes([0xa7; 16]), version, seats: u32::try_from(seats).unwrap() }
}

fn sizes(states: Vec<SeatStatus>) -> (usize, usize) {
    let all = SeatStates::All { of: of(states.len(), 1), states, exceptions: Vec::new() };
    let plain = all.encode();
    let packed = gzip(&plain).unwrap();
    assert_eq!(gunzip(&packed).unwrap(), plain);
    (plain.len(), packed.len())
}

/// The sizes of `docs/decisions/52`.
#[test]
fn twenty_thousand_seats_take_five_kilobytes_and_a_quiet_hall_a_hundred_bytes() {
    let mut numbers = Numbers(1);
    let (plain, free) = sizes(vec![SeatStatus::Available; HALL]);
    // Two in three are sold, in groups of four that sit together.
    let groups = (0..HALL / 4).flat_map(|_| [if numbers.below(3) == 0 { STATES[0] } else { STATES[2] }; 4]);
    let (_, selling) = sizes(groups.collect());
    let (_, random) = sizes((0..HALL).map(|_| numbers.state()).collect());
    println!("{HALL} seats: {plain} bytes; gzip: free {free}, selling {selling}, random {random}");
    assert_eq!(plain, 5_039);
    assert!(free < 100 && selling < 1_500 && random < 5_100, "{free} {selling} {random}");
}

/// Writes what the decoder in JavaScript has to read.
fn expected(states: &SeatStates) -> Value {
    let code = |state: &SeatStatus| STATES.iter().position(|known| known == state).unwrap();
    let list = |entries: &[SeatEntry]| {
        let entry =
            |it: &SeatEntry| json!({"seat": it.index, "state": code(&it.state), "version": it.version});
        entries.iter().map(entry).collect::<Vec<_>>()
    };
    let StatesOf { layout, version, seats } = *states.of();
    let head = |since: u64, entries: &[SeatEntry]| json!({"layout": layout.to_string(), "version": version, "since": since, "seats": seats, "entries": list(entries)});
    match states {
        SeatStates::All { states, exceptions, .. } => {
            let mut all = head(0, exceptions);
            all["states"] = states.iter().map(code).collect();
            all
        }
        SeatStates::Changes { since, entries, .. } => head(*since, entries),
    }
}

/// Runs the decoder in Node.js over lines of hexadecimal digits, and returns what it read of each; null for an error.
fn read_by_javascript(lines: &[Vec<u8>]) -> Vec<Value> {
    let decoder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/seat-states.js");
    let program = format!(
        r#"import {{ decodeSeatStates }} from "file://{decoder}";
        import {{ readFileSync }} from "node:fs";
        for (const line of readFileSync(0, "utf8").trimEnd().split("\n")) {{
            try {{
                const read = decodeSeatStates(Uint8Array.from(Buffer.from(line, "hex")));
                if (read.states) read.states = Array.from(read.states);
                console.log(JSON.stringify(read));
            }} catch (error) {{
                if (!(error instanceof RangeError)) throw error;
                console.log("null");
            }}
        }}"#
    );
    let mut node = Command::new("node")
        .args(["--input-type=module", "--eval", &program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs `node` (Node.js 18 or later) in the path");
    let mut input = node.stdin.take().unwrap();
    let text: String = lines.iter().map(|bytes| hex::encode(bytes) + "\n").collect();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = node.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "the decoder failed with another error than a RangeError");
    let read = String::from_utf8(output.stdout).unwrap();
    read.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_decoder_in_javascript_reads_what_is_written_and_refuses_every_truncation() {
    let mut numbers = Numbers(2);
    let (mut lines, mut wanted) = (Vec::new(), Vec::new());
    for seats in 0..40_u32 {
        let count = usize::try_from(seats).unwrap();
        let version = numbers.below(1 << 31) << numbers.below(22);
        let states = (0..seats).map(|_| numbers.state()).collect();
        let all = SeatStates::All { of: of(count, version), states, exceptions: numbers.entries(seats) };
        let entries = numbers.entries(seats * 25);
        let changes = SeatStates::Changes { of: of(count * 25, version), since: version / 2, entries };
        for states in [all, changes] {
            lines.push(states.encode());
            wanted.push(expected(&states));
        }
    }
    for whole in [lines[79].clone(), lines[78].clone()] {
        for length in 1..whole.len() {
            lines.push(whole[..length].to_vec());
            wanted.push(Value::Null);
        }
    }
    let read = read_by_javascript(&lines);
    assert_eq!(read.len(), wanted.len());
    for ((read, wanted), bytes) in read.iter().zip(&wanted).zip(&lines) {
        assert_eq!(read, wanted, "{}", hex::encode(bytes));
    }
}
