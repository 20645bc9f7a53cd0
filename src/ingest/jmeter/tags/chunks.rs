//! A file in chunks that hold whole tags; only a tag that crosses the end of a chunk is copied.

use std::io::BufRead as _;

use anyhow::{Context, Result, bail};

use super::find::find;
use crate::ingest::Input;

/// Longest tag; a label or a message is hundreds of bytes at most.
const LONGEST: usize = 1 << 20;

/// Hands `input` to `read`, chunk by chunk, and says whether it ends inside a tag or a comment.
///
/// `read` answers how many bytes of a chunk are left: none, or those from the `<` on of what is not whole. If that is a
/// tag, it is the next chunk, whole and alone; anything else is passed over.
///
/// # Errors
/// Those of `read`, a tag longer than 1 MiB, and as [`Input::next_line`].
pub(in super::super) fn each_chunk(
    input: &mut Input<'_>,
    read: &mut impl FnMut(&[u8]) -> Result<usize>,
) -> Result<bool> {
    let mut tag = Vec::new();
    loop {
        let chunk = fill(input)?;
        // However many bytes there are at once: whether a tag is too long must not depend on that.
        let chunk = &chunk[..chunk.len().min(LONGEST)];
        let size = chunk.len();
        if size == 0 {
            return Ok(false);
        }
        let left = read(chunk)?;
        input.consume(size - left);
        if left > 0 {
            match crossing(input, &mut tag)? {
                Crossing::Tag => drop(read(&tag)?),
                Crossing::Other => {}
                Crossing::Cut => return Ok(true),
            }
        }
    }
}

/// What begins at a `<` and crosses the end of a chunk.
enum Crossing {
    /// A tag, which was taken.
    Tag,
    /// No tag; it was passed over.
    Other,
    /// The file ends in it.
    Cut,
}

/// Reads what begins at the `<` that is next; a tag goes to `tag`.
fn crossing(input: &mut Input<'_>, tag: &mut Vec<u8>) -> Result<Crossing> {
    tag.clear();
    tag.push(b'<');
    input.consume(1);
    let (what, is_whole) = match peek(input)? {
        Some(b'?') => (Crossing::Other, skip_past(input, b"?>")?),
        Some(b'!') => (Crossing::Other, skip_declaration(input)?),
        _ => (Crossing::Tag, take_tag(input, tag)?),
    };
    Ok(if is_whole { what } else { Crossing::Cut })
}

/// Passes over a comment, a CDATA section or a document type; `false` if the file ends in it.
fn skip_declaration(input: &mut Input<'_>) -> Result<bool> {
    const COMMENT: &[u8] = b"!--";
    const CDATA: &[u8] = b"![CDATA[";
    let mut start = Vec::with_capacity(CDATA.len());
    while let Some(byte) = peek(input)? {
        start.push(byte);
        input.consume(1);
        match start.as_slice() {
            COMMENT => return skip_past(input, b"-->"),
            CDATA => return skip_past(input, b"]]>"),
            start if CDATA.starts_with(start) || COMMENT.starts_with(start) => {}
            _ if byte == b'>' => return Ok(true),
            _ => return skip_past(input, b">"),
        }
    }
    Ok(false)
}

/// Passes over everything up to the end of `mark`; `false` if it does not come.
fn skip_past(input: &mut Input<'_>, mark: &[u8]) -> Result<bool> {
    let Some((last, before)) = mark.split_last() else { return Ok(true) };
    // What came before the bytes at hand, as far as a mark can reach back.
    let mut tail: Vec<u8> = Vec::new();
    loop {
        let chunk = fill(input)?;
        if chunk.is_empty() {
            return Ok(false);
        }
        let found = memchr::memchr_iter(*last, chunk).find(|at| ends_with(&tail, &chunk[..*at], before));
        let size = found.map_or(chunk.len(), |at| at + 1);
        let keep = chunk.len().saturating_sub(before.len());
        tail.extend_from_slice(&chunk[keep..]);
        tail.drain(..tail.len().saturating_sub(before.len()));
        input.consume(size);
        if found.is_some() {
            return Ok(true);
        }
    }
}

/// Whether `head` followed by `body` ends with `mark`.
fn ends_with(head: &[u8], body: &[u8], mark: &[u8]) -> bool {
    match mark.len().checked_sub(body.len()) {
        None | Some(0) => body.ends_with(mark),
        Some(missing) => mark.ends_with(body) && head.ends_with(&mark[..missing]),
    }
}

/// Takes the bytes of a tag, to the `>` outside of quotes; `false` if the file ends in it.
fn take_tag(input: &mut Input<'_>, tag: &mut Vec<u8>) -> Result<bool> {
    let mut quote = None;
    loop {
        let chunk = fill(input)?;
        if chunk.is_empty() {
            return Ok(false);
        }
        let behind = behind_tag(chunk, &mut quote).map(<[u8]>::len);
        let size = chunk.len() - behind.unwrap_or(0);
        tag.extend_from_slice(&chunk[..size]);
        input.consume(size);
        if tag.len() > LONGEST {
            bail!("{}: a tag is longer than 1 MiB: this is no JTL", input.name());
        }
        if behind.is_some() {
            return Ok(true);
        }
    }
}

/// What follows the `>` that is outside of quotes; `quote` is the quote that is open, before and after.
fn behind_tag<'a>(mut chunk: &'a [u8], quote: &mut Option<u8>) -> Option<&'a [u8]> {
    loop {
        if let Some(open) = *quote {
            chunk = &find(chunk, open)?[1..];
            *quote = None;
        }
        let (mark, rest) = find(chunk, [b'>', b'"', b'\''])?.split_first()?;
        if *mark == b'>' {
            return Some(rest);
        }
        *quote = Some(*mark);
        chunk = rest;
    }
}

fn peek(input: &mut Input<'_>) -> Result<Option<u8>> {
    Ok(fill(input)?.first().copied())
}

fn fill<'a>(input: &'a mut Input<'_>) -> Result<&'a [u8]> {
    let name = input.name();
    input.fill_buf().with_context(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read as _};

    use super::*;
    use crate::ingest::Options;

    /// Reads what is one tag, and answers its bytes.
    fn sizes(reader: &mut (dyn BufRead + Send)) -> Result<Vec<usize>> {
        let (options, mut sizes) = (Options::default(), Vec::new());
        let read = &mut |chunk: &[u8]| {
            let end = chunk.iter().position(|byte| *byte == b'>');
            sizes.extend(end.map(|at| at + 1));
            Ok(if end.is_some() { 0 } else { chunk.len() })
        };
        each_chunk(&mut Input::new("x", reader, &options), read)?;
        Ok(sizes)
    }

    #[test]
    fn a_tag_of_a_mebibyte_is_read_and_a_longer_one_refused_however_much_is_read_at_once() {
        for (size, is_read) in [(LONGEST, true), (LONGEST + 1, false)] {
            let tag = format!("<{}>", "a".repeat(size - 2));
            for step in [1 << 10, 1 << 16, LONGEST, LONGEST + 1, 1 << 22] {
                let sizes = sizes(&mut BufReader::with_capacity(step, tag.as_bytes()));
                assert_eq!(sizes.ok(), is_read.then(|| vec![size]), "{size} bytes, {step} at once");
            }
        }
    }

    #[test]
    fn a_tag_without_an_end_is_refused_in_bounded_memory() {
        let mut reader = BufReader::new(b"<a ".chain(std::io::repeat(b'x')));
        assert!(sizes(&mut reader).unwrap_err().to_string().contains("1 MiB"));
    }
}
