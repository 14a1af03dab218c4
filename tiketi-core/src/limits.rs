//! Limits on every input.

use std::time::Duration;

/// Most lines (seats and quantities) of one command, whatever the per-buyer limit is.
pub const MAX_LINES_PER_COMMAND: usize = 100;
/// Most units of one ticket type in one hold.
pub const MAX_QUANTITY: u32 = 1_000;
/// Most seats of one seat layout.
pub const MAX_SEATS_PER_LAYOUT: usize = 1_000_000;
/// Most units of one general-admission ticket type.
pub const MAX_CAPACITY: u32 = 10_000_000;
/// Most characters in a title, name or label.
pub const MAX_NAME_CHARS: usize = 200;
/// Most characters in a description.
pub const MAX_DESCRIPTION_CHARS: usize = 20_000;
/// Most characters in a note about a payment.
pub const MAX_NOTE_CHARS: usize = 2_000;
/// Most characters of what changed, in an entry of the log of staff: JSON.
pub const MAX_LOG_VALUE_CHARS: usize = 8_192;
/// Most characters in the reason of a refund or of blocked seats, and in a provider's code.
///
/// Source for refunds: TossPayments core API, cancel.
pub const MAX_REASON_CHARS: usize = 200;
/// Most characters in a provider's name for a payment or a webhook; each is part of an index.
pub const MAX_KEY_CHARS: usize = 255;
/// Most bytes of the host's metadata of one row, as JSON.
pub const MAX_METADATA_BYTES: usize = 2_048;
/// Most objects and arrays within each other in the host's metadata, the outermost included.
pub const MAX_METADATA_DEPTH: usize = 8;
/// Highest price of one ticket, in minor units.
pub const MAX_PRICE_MINOR: i64 = 1_000_000_000_000;
/// Longest time to wait for a deposit: 30 days.
pub const MAX_DEPOSIT_WINDOW: Duration = Duration::from_hours(30 * 24);
/// Most rows of one page of a listing.
pub const MAX_PAGE: u32 = 100;
/// Most rows that the total of a long listing counts; a longer one has at least so many.
pub const MAX_TOTAL: u64 = 1_000;
