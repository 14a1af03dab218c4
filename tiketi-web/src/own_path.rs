//! Paths of this shop, to which a visitor is sent back.

/// Longest path to come back to, in bytes.
const MAX_BYTES: usize = 1_000;

/// Returns a path if it can only lead to a page of this shop.
///
/// Browsers read `\` as `/` and drop tabs and line ends, so a path with any of them may lead elsewhere, and so may one that begins with
/// two slashes. Signing out or in again is no place to come back to.
pub(crate) fn own_path(path: &str) -> Option<&str> {
    let is_own = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= MAX_BYTES
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_session = ["/sign-in", "/sign-out", "/session", "/register", "/verify", "/reset", "/preferences"]
        .iter()
        .any(|session| {
            path.strip_prefix(session)
                .is_some_and(|rest| matches!(rest.bytes().next(), None | Some(b'/' | b'?')))
        });
    (is_own && !is_session).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen to fail with every path taken that is not empty.
    #[test]
    fn only_a_path_of_this_shop_is_one() {
        for path in ["/", "/events/1?page=2#seats", "/news"] {
            assert_eq!(own_path(path), Some(path));
        }
        for path in [
            "",
            "events",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/a b",
            "/\n/evil.example",
            "/sign-in?next=/",
            "/sign-out",
            "/쪽",
        ] {
            assert_eq!(own_path(path), None, "{path:?}");
        }
        assert_eq!(own_path(&format!("/{}", "a".repeat(1_000))), None);
        assert!(own_path("/resettlement").is_some());
    }
}
