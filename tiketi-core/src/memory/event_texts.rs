//! The texts in which events are searched, in memory.

use std::collections::BTreeSet;

use crate::event::Event;
use crate::id::EventId;
use crate::memory::rows::Rows;
use crate::search;
use crate::time::Timestamp;

/// Events with a gram, the soonest first.
pub(super) type Starts = BTreeSet<(Timestamp, EventId)>;

/// The text of each event, and the events that have a gram.
#[derive(Debug, Default)]
pub(super) struct EventTexts {
    texts: Rows<EventId, Text>,
    of_gram: Rows<String, Starts>,
}

#[derive(Debug, PartialEq, Eq)]
struct Text {
    starts_at: Timestamp,
    folded: String,
}

impl EventTexts {
    /// Adds an event, or replaces its text.
    pub(super) fn put(&mut self, event: &Event) {
        let (id, starts_at) = (event.id, event.details.starts_at);
        let text = Text { starts_at, folded: search::searched_text(&event.details) };
        if self.texts.get(&id) == Some(&text) {
            return;
        }
        self.remove(id);
        for gram in search::grams(&text.folded) {
            self.of_gram.entry(gram).or_default().insert((starts_at, id));
        }
        self.texts.insert(id, text);
    }

    /// Removes an event.
    pub(super) fn remove(&mut self, id: EventId) {
        let Some(text) = self.texts.remove(&id) else { return };
        for gram in search::grams(&text.folded) {
            if let Some(events) = self.of_gram.get_mut(&gram) {
                events.remove(&(text.starts_at, id));
                if events.is_empty() {
                    self.of_gram.remove(&gram);
                }
            }
        }
    }

    /// Returns the events that have the rarest gram of some words; `None` if no event has all grams.
    pub(super) fn rarest(&self, words: &[String]) -> Option<&Starts> {
        let grams: BTreeSet<String> = words.iter().flat_map(|word| search::word_grams(word)).collect();
        let found = grams.iter().map(|gram| self.of_gram.get(gram));
        let found: Option<Vec<&Starts>> = found.collect();
        found?.into_iter().min_by_key(|events| events.len())
    }

    /// Returns whether an event has every word.
    pub(super) fn matches(&self, id: EventId, words: &[String]) -> bool {
        self.texts.get(&id).is_some_and(|text| search::matches(&text.folded, words))
    }
}
