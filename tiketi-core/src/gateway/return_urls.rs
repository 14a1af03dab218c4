//! Where a provider sends the buyer back to.

/// Most bytes of one address.
pub const MAX_RETURN_URL_BYTES: usize = 2_048;

/// Where a provider that the buyer is redirected to sends the buyer back: one page for success, one for failure.
///
/// Each is an `https` or `http` URL of at most [`MAX_RETURN_URL_BYTES`] bytes, in visible ASCII, with a host and without
/// user or password. That the buyer comes back proves nothing: only [`crate::PaymentGateway::confirm`] and `lookup` do.
/// A host that takes addresses from its clients also has to check that the hosts are its own, so that it redirects nowhere
/// else.
///
/// ```
/// use tiketi_core::gateway::ReturnUrls;
///
/// let urls = ReturnUrls::new("https://shop.example/paid?step=2", "https://shop.example/failed")?;
/// assert_eq!(urls.success(), "https://shop.example/paid?step=2");
/// assert!(ReturnUrls::new("javascript:alert(1)", "https://shop.example/failed").is_err());
/// # Ok::<(), tiketi_core::gateway::InvalidReturnUrl>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnUrls {
    success: String,
    fail: String,
}

impl ReturnUrls {
    /// Checks both addresses.
    ///
    /// # Errors
    ///
    /// [`InvalidReturnUrl`] for the first one that is not valid.
    pub fn new(success: impl Into<String>, fail: impl Into<String>) -> Result<Self, InvalidReturnUrl> {
        let (success, fail) = (success.into(), fail.into());
        if !is_valid(&success) {
            return Err(InvalidReturnUrl::Success);
        }
        if !is_valid(&fail) {
            return Err(InvalidReturnUrl::Fail);
        }
        Ok(Self { success, fail })
    }

    /// Returns the address for the buyer after a successful payment.
    pub fn success(&self) -> &str {
        &self.success
    }

    /// Returns the address for the buyer after a failed or abandoned payment.
    pub fn fail(&self) -> &str {
        &self.fail
    }
}

/// Error: an address is no `https` or `http` URL that a buyer can be sent to; see [`ReturnUrls`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidReturnUrl {
    /// The address for success.
    #[error("the success address must be an https or http URL of at most {MAX_RETURN_URL_BYTES} bytes")]
    Success,
    /// The address for failure.
    #[error("the fail address must be an https or http URL of at most {MAX_RETURN_URL_BYTES} bytes")]
    Fail,
}

fn is_valid(url: &str) -> bool {
    let scheme = ["https://", "http://"].into_iter().find_map(|scheme| url.strip_prefix(scheme));
    let Some(rest) = scheme else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A user before the host makes an address look like another's.
    let has_host = !authority.is_empty() && !authority.starts_with(':') && !authority.contains(['@', '\\']);
    has_host && url.len() <= MAX_RETURN_URL_BYTES && url.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: &str = "https://shop.example/failed";

    #[test]
    fn only_http_addresses_with_a_host_are_accepted() {
        for url in ["https://shop.example", "http://127.0.0.1:8080/paid?a=1#top", "https://[::1]/paid"] {
            assert!(ReturnUrls::new(url, FINE).is_ok(), "{url}");
        }
        for url in [
            "",
            "/paid",
            "//shop.example/paid",
            "ftp://shop.example",
            "javascript:alert(1)",
            "https://",
            "https:///paid",
            "https://:443/paid",
            "https://shop.example@elsewhere.example/paid",
            "https://shop.example\\@elsewhere.example/paid",
            "https://shop.example/a b",
            "https://shop.example/밤",
            "https://shop.example/\n",
        ] {
            assert_eq!(ReturnUrls::new(url, FINE), Err(InvalidReturnUrl::Success), "{url}");
            assert_eq!(ReturnUrls::new(FINE, url), Err(InvalidReturnUrl::Fail), "{url}");
        }
    }

    #[test]
    fn the_length_is_bounded() {
        let of = |bytes: usize| format!("https://a/{}", "x".repeat(bytes - 10));
        assert!(ReturnUrls::new(of(MAX_RETURN_URL_BYTES), FINE).is_ok());
        assert!(ReturnUrls::new(of(MAX_RETURN_URL_BYTES + 1), FINE).is_err());
    }
}
