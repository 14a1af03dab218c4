//! Tells how two stores came to differ.

use std::fmt::Debug;

use tiketi_core::Timestamp;

/// Most characters of an answer in a story.
const ANSWER_CHARS: usize = 160;
/// Lines around the first difference of two answers.
const LINES_BEFORE: usize = 4;
const LINES_AFTER: usize = 8;

/// The steps of a run so far.
#[derive(Debug)]
pub(super) struct Story {
    seed: u64,
    began: Timestamp,
    /// The first half of the ids of each office, by the name that stands for it.
    names: Vec<(String, String)>,
    lines: Vec<String>,
}

impl Story {
    /// Begins a story.
    pub(super) fn new(seed: u64, began: Timestamp, names: Vec<(String, String)>) -> Self {
        Self { seed, began, names, lines: Vec::new() }
    }

    /// Adds a request with its answer.
    pub(super) fn tell(&mut self, at: Timestamp, who: &str, asks: &dyn Debug, answer: &str) {
        let seconds = at.since(self.began).as_secs_f64();
        let words: Vec<_> = answer.split_whitespace().collect();
        let answer: String = words.join(" ").chars().take(ANSWER_CHARS).collect();
        let line = self.short(&format!("{seconds:>9.3} s  {who}: {asks:?}\n             -> {answer}"));
        self.lines.push(line);
    }

    /// Fails with the story so far if two stores came to different things.
    pub(super) fn same<T: PartialEq + Debug>(&self, what: &str, (name, tested): (&str, &T), expected: &T) {
        if tested == expected {
            return;
        }
        let (tested, expected) = (format!("{tested:#?}"), format!("{expected:#?}"));
        panic!("{}", self.difference(what, (name, &tested), &expected));
    }

    /// Fails with the story so far if two answers have different texts.
    pub(super) fn same_text(&self, what: &str, (name, tested): (&str, &str), expected: &str) {
        assert!(tested == expected, "{}", self.difference(what, (name, tested), expected));
    }

    fn difference(&self, what: &str, (name, tested): (&str, &str), expected: &str) -> String {
        let differs = tested.lines().zip(expected.lines()).position(|(one, other)| one != other);
        let at = differs.unwrap_or_else(|| tested.lines().count().min(expected.lines().count()));
        let around = |text: &str| -> String {
            let lines = text.lines().enumerate().skip(at.saturating_sub(LINES_BEFORE));
            let lines = lines.take(LINES_BEFORE + LINES_AFTER);
            let marked = lines.map(|(line, text)| format!("  {} {text}", if line == at { '>' } else { ' ' }));
            marked.collect::<Vec<_>>().join("\n")
        };
        let (seed, steps) = (self.seed, self.lines.join("\n"));
        let text = format!(
            "seed {seed} (TIKETI_SEED={seed} TIKETI_SEQUENCES=1), after:\n{steps}\n{what} differs\nin {name}:\n{}\nin memory:\n{}",
            around(tested),
            around(expected),
        );
        self.short(&text)
    }

    /// Replaces ids by the name of the office that made them, with a number.
    fn short(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (ids, name)| text.replace(ids, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_with_its_step_and_both_answers() {
        let mut story =
            Story::new(3, Timestamp::EPOCH, vec![("00000000-00d1-0000-0000-00000000".into(), "B1.".into())]);
        story.tell(Timestamp::EPOCH, "B1", &"holds 00000000-00d1-0000-0000-000000000007", "Ok(\n    1,\n)");
        let told = story.difference("the answer", ("the store", "Ok(\n    2,\n)"), "Ok(\n    1,\n)");
        assert!(told.contains("B1: \"holds B1.0007\""), "{told}");
        assert!(told.contains("-> Ok( 1, )"), "{told}");
        assert!(told.contains("in the store:\n    Ok(\n  >     2,"), "{told}");
        assert!(told.contains("TIKETI_SEED=3"), "{told}");
    }
}
