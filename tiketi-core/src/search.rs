//! The one rule of the search for events, and the grams by which stores index it.
//!
//! A search finds an event if each of its words is a part of the event's text, in any letter case. It finds parts of
//! words and works without a dictionary, so that one or two Korean syllables are found as well as an English word.
//!
//! An index of words cannot answer that. A store indexes the [`grams`] of the text: every run of one, two and three
//! characters. The grams of a word ([`word_grams`]) select the few events that may match, and [`matches()`] decides.

use std::collections::BTreeSet;

use crate::event::EventDetails;

/// Characters of the longest gram; a longer word is found by all its grams of this length.
const LONGEST: usize = 3;

/// Returns the text in which events are searched: title, artist, venue and keywords in lower case, a line for each.
pub fn searched_text(details: &EventDetails) -> String {
    let named = [&details.title, &details.artist, &details.venue].into_iter();
    let lines: Vec<String> = named.chain(&details.keywords).map(|line| line.to_lowercase()).collect();
    lines.join("\n")
}

/// Returns the words of a search, each once.
pub fn words(search: &str) -> Vec<String> {
    let folded = search.to_lowercase();
    let words: BTreeSet<&str> = folded.split_whitespace().collect();
    words.into_iter().map(str::to_owned).collect()
}

/// Returns whether a text of [`searched_text`] contains every word of [`words`].
pub fn matches(text: &str, words: &[String]) -> bool {
    words.iter().all(|word| text.contains(word.as_str()))
}

/// Returns the grams of a text of [`searched_text`]: its runs of one to three characters without white space.
///
/// Each gram is written in hexadecimal digits, so that every index of words keeps it as it is.
pub fn grams(text: &str) -> BTreeSet<String> {
    let mut grams = BTreeSet::new();
    for word in text.split_whitespace() {
        for length in 1..=LONGEST {
            grams.extend(runs(word, length));
        }
    }
    grams
}

/// Returns grams that every text has which contains the word.
pub fn word_grams(word: &str) -> BTreeSet<String> {
    runs(word, word.chars().count().min(LONGEST)).collect()
}

/// Returns every run of this many characters.
fn runs(word: &str, length: usize) -> impl Iterator<Item = String> {
    let starts = word.char_indices().map(|(at, _)| at);
    let ends = word.char_indices().map(|(at, _)| at).skip(length).chain([word.len()]);
    starts.zip(ends).filter_map(|(start, end)| word.get(start..end)).map(hexed)
}

fn hexed(run: &str) -> String {
    run.bytes().fold(String::with_capacity(2 * run.len()), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(grams: &BTreeSet<String>) -> Vec<String> {
        let decode = |gram: &String| {
            let bytes =
                (0..gram.len()).step_by(2).map(|at| u8::from_str_radix(&gram[at..at + 2], 16).unwrap());
            String::from_utf8(bytes.collect()).unwrap()
        };
        grams.iter().map(decode).collect()
    }

    #[test]
    fn grams_are_runs_of_one_to_three_characters_within_a_word() {
        assert_eq!(plain(&grams("등대 ab")), ["a", "ab", "b", "대", "등", "등대"]);
        assert_eq!(plain(&grams("밤의등대")).len(), 4 + 3 + 2);
    }

    #[test]
    fn a_word_has_its_longest_grams_only() {
        assert_eq!(plain(&word_grams("밤")), ["밤"]);
        assert_eq!(plain(&word_grams("등대")), ["등대"]);
        assert_eq!(plain(&word_grams("night")), ["ght", "igh", "nig"]);
    }

    /// Fails if a gram of a word may be missing in a text that contains the word.
    #[test]
    fn a_text_has_the_grams_of_each_part_of_its_words() {
        let text = "winter serenade\n김하늘 (haneul kim)\nhafen-café süd\n100%_live";
        let of_text = grams(text);
        for line in text.split_whitespace() {
            let places: Vec<usize> = line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
            for (from, start) in places.iter().enumerate() {
                for end in &places[from + 1..] {
                    assert!(word_grams(&line[*start..*end]).is_subset(&of_text), "{}", &line[*start..*end]);
                }
            }
        }
    }

    #[test]
    fn words_are_folded_and_named_once() {
        assert_eq!(words("  Kim  WINTER kim "), ["kim", "winter"]);
        assert!(matches("winter\nkim", &words("KIM wint")));
        assert!(!matches("winter\nkim", &words("kim summer")));
    }
}
