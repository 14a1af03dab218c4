//! Accounts and their mail at real servers, with an SMTP server and an identity provider that others wrote.

// Always true for this target. With it, Clippy treats helper functions as tests as well.
#![cfg(test)]

mod google;
mod mail;
mod peers;
