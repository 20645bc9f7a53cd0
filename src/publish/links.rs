//! Where things are on GitHub, as addresses that no outside text can break out of.

/// What addresses are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Address of the server: `https://github.com`.
    pub server: String,
    /// `owner/name`.
    pub repository: String,
    /// The branch that keeps results: `perf-results`.
    pub branch: String,
    /// Address of the workflow run.
    pub run: Option<String>,
    /// Address of the report, where it was kept.
    pub report: Option<String>,
}

impl Links {
    /// The comparison of two commits.
    pub fn compare(&self, good: &str, bad: &str) -> Option<String> {
        (is_hash(good) && is_hash(bad)).then(|| self.within(&format!("compare/{good}...{bad}")))
    }

    /// A commit.
    pub fn commit(&self, hash: &str) -> Option<String> {
        is_hash(hash).then(|| self.within(&format!("commit/{hash}")))
    }

    /// An issue of the repository.
    pub fn issue(&self, number: u64) -> String {
        self.within(&format!("issues/{number}"))
    }

    /// A file on the branch that keeps results.
    pub fn file(&self, path: &str) -> String {
        self.within(&format!("blob/{}/{path}", self.branch))
    }

    fn within(&self, path: &str) -> String {
        address(&format!("{}/{}/{path}", self.server.trim_end_matches('/'), self.repository))
    }
}

/// An address in Markdown that ends where it should: everything that means something there is percent-encoded, and what
/// is no web address is none.
pub fn address(url: &str) -> String {
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return String::new();
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:?=&+,;#".contains(&byte);
    let parts = url.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    parts.collect()
}

/// A link in Markdown, of text that is escaped already; the text alone without an address.
pub(crate) fn link(text: &str, url: Option<&str>) -> String {
    match url.map(address).filter(|url| !url.is_empty()) {
        Some(url) => format!("[{text}]({url})"),
        None => text.to_owned(),
    }
}

/// Whether it can be the hash of a commit, also a shortened one.
fn is_hash(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_hold_hashes_only_and_end_where_they_should() {
        let links = Links {
            server: "https://github.com/".to_owned(),
            repository: "o/r".to_owned(),
            branch: "perf-results".to_owned(),
            ..Links::default()
        };
        assert_eq!(links.compare("abcdef0", "1234567").unwrap(), "https://github.com/o/r/compare/abcdef0...1234567");
        assert_eq!(links.compare("abcdef0", "main) [x](http://evil"), None);
        assert_eq!(links.file("a/%47.json"), "https://github.com/o/r/blob/perf-results/a/%2547.json");
        assert_eq!(link("x", Some("https://h/a b)")), "[x](https://h/a%20b%29)");
        assert_eq!(link("x", Some("javascript:alert(1)")), "x");
    }
}
