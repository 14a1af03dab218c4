//! Notices, the log, accounts and mail.

use serde::Deserialize;
use serde_json::Value;

/// A page of notices.
#[derive(Debug, Deserialize)]
pub(crate) struct NoticePage {
    pub(crate) news: Vec<Notice>,
    pub(crate) next: Option<String>,
}

/// One notice, of a read.
#[derive(Debug, Deserialize)]
pub(crate) struct OneNotice {
    pub(crate) notice: Notice,
}

/// A notice of the organiser.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notice {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) language: String,
    pub(crate) pinned: bool,
    pub(crate) views: u64,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
    pub(crate) version: u64,
}

/// A page of the log.
#[derive(Debug, Deserialize)]
pub(crate) struct LogPage {
    pub(crate) data: Vec<LogEntry>,
    pub(crate) next: Option<String>,
}

/// One action of staff.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogEntry {
    pub(crate) at: String,
    pub(crate) actor: Option<LogActor>,
    pub(crate) action: String,
    pub(crate) subject: Option<LogSubject>,
    pub(crate) request_id: Option<String>,
    pub(crate) result: String,
    pub(crate) code: Option<String>,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
    pub(crate) reason: Option<String>,
}

/// Who acted.
#[derive(Debug, Deserialize)]
pub(crate) struct LogActor {
    pub(crate) id: String,
    pub(crate) role: String,
}

/// What an action was done to.
#[derive(Debug, Deserialize)]
pub(crate) struct LogSubject {
    pub(crate) kind: String,
    pub(crate) id: String,
}

/// A page of accounts.
#[derive(Debug, Deserialize)]
pub(crate) struct AccountPage {
    pub(crate) data: Vec<StaffAccount>,
    pub(crate) next: Option<String>,
}

/// An account.
#[derive(Debug, Deserialize)]
pub(crate) struct StaffAccount {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: String,
}

/// Mails that were given up.
#[derive(Debug, Deserialize)]
pub(crate) struct MailPage {
    pub(crate) mails: Vec<DeadMail>,
    pub(crate) next: Option<String>,
}

/// A mail that was given up.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeadMail {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) tries: u32,
    pub(crate) problem: String,
    pub(crate) queued_at: String,
    pub(crate) given_up_at: String,
}
