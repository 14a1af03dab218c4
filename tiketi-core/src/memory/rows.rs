//! Rows by their keys.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// Rows that are found by key, in no order.
pub(super) type Rows<K, V> = HashMap<K, V, RandomState>;
