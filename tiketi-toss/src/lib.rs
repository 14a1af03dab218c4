//! Takes money through TossPayments, and gives it back: Tiketi's gateway to its core API.
mod api;
mod code;
mod gateway;
mod judge;
mod method;
mod refund;
mod settings;
mod void;
mod webhook;
mod wire;

pub use code::CodeClass;
pub use gateway::TossGateway;
pub use method::TossMethod;
pub use settings::{TOSS_URL, TossLimits, TossSettings, TossSettingsError};
