//! The first bytes of a file, for detection.

use std::borrow::Cow;

/// The first bytes of a file, decompressed and without a byte order mark.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    bytes: &'a [u8],
}

impl<'a> Head<'a> {
    /// Bytes of a file that are looked at.
    pub const SIZE: usize = 256 * 1024;

    /// The head of a file that starts with `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(Self::SIZE)];
        Self { bytes: bytes.trim_ascii_start() }
    }

    /// The bytes, from the first that is no blank.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Lines with something in them, without line ends.
    pub fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty())
    }

    /// The first line with something in it.
    pub fn first_line(&self) -> &'a [u8] {
        self.lines().next().unwrap_or_default()
    }

    /// Whether the first byte opens a JSON object.
    pub fn is_object(&self) -> bool {
        self.bytes.first() == Some(&b'{')
    }

    /// The keys of the outermost JSON object, as far as they are seen; empty for anything else.
    pub fn keys(&self) -> Vec<&'a [u8]> {
        if self.is_object() { keys_at(self.bytes, 1) } else { Vec::new() }
    }

    /// Whether the outermost JSON object has all of these keys within the bytes seen.
    pub fn has_keys(&self, wanted: &[&str]) -> bool {
        let keys = self.keys();
        wanted.iter().all(|key| keys.contains(&key.as_bytes()))
    }

    /// The beginning as text, for a message.
    pub fn excerpt(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(&self.bytes[..self.bytes.len().min(60)])
    }
}

/// Keys of the objects at nesting `depth`; brackets inside strings do not count.
fn keys_at(bytes: &[u8], depth: usize) -> Vec<&[u8]> {
    let mut keys = Vec::new();
    let (mut level, mut at) = (0_usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => level += 1,
            // What follows the object is another one.
            b'}' | b']' if level <= 1 => break,
            b'}' | b']' => level -= 1,
            b'"' => {
                let end = end_of_string(bytes, at + 1);
                let after = bytes.get(end + 1..).unwrap_or_default().trim_ascii_start();
                if level == depth && after.first() == Some(&b':') {
                    keys.push(&bytes[at + 1..end]);
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    keys
}

/// Position of the quote that ends the string whose first byte is at `at`, or the end of the bytes.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_outermost_object() {
        let head = Head::new(br#"  {"a": {"inner": 1, "b\"": "}"}, "metrics" : [1, {"x": 2}], "cut": "off"#);
        assert_eq!(head.keys(), [b"a".as_slice(), b"metrics", b"cut"]);
        assert!(head.has_keys(&["metrics", "a"]) && !head.has_keys(&["inner"]));
    }

    #[test]
    fn keys_of_other_objects_behind_the_first_are_none_of_its() {
        assert_eq!(Head::new(b"{\"a\": {\"x\": 1}}\n{\"b\": 2}").keys(), [b"a"]);
    }

    #[test]
    fn text_that_is_no_object_has_no_keys() {
        for text in [&b"[{\"a\":1}]"[..], b"a,b\n1,2", b"", b"{\"", b"{\"a\\"] {
            assert!(Head::new(text).keys().len() <= 1);
        }
        assert!(Head::new(b"[{\"a\":1}]").keys().is_empty());
    }

    #[test]
    fn blank_lines_before_the_first_are_passed_over() {
        assert_eq!(Head::new(b"\n\r\n a,b\r\nc\r\n").first_line(), b"a,b");
    }
}
