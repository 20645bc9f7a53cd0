//! JSON documents in a stream: a serde visitor sees each part as it passes, so that the document is never held whole.

use std::io::{BufReader, Read};

use anyhow::{Result, bail};
use serde::de::DeserializeSeed;

use super::Input;

/// Bytes read at a time.
const BLOCK: usize = 64 * 1024;

/// How a document ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With its last bracket.
    Whole,
    /// Early: what was seen last, for [`Input::truncated`].
    Cut(String),
}

/// What may follow a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Blanks.
    Nothing,
    /// Console output of the tool, which is not looked at.
    Anything,
}

/// Hands the JSON document in `input`, of which `begun` was read already, to `seed`.
///
/// # Errors
/// What is no JSON or not what `seed` expects: file, line and column, and `what` was expected. A disk that fails.
pub(super) fn stream<'de, S>(input: &mut Input<'_>, begun: &[u8], what: &str, after: After, seed: S) -> Result<Ending>
where
    S: DeserializeSeed<'de, Value = ()>,
{
    let name = input.name();
    let reader = BufReader::with_capacity(BLOCK, begun.chain(input));
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let read = seed.deserialize(&mut deserializer);
    let read = if after == After::Nothing { read.and_then(|()| deserializer.end()) } else { read };
    match read {
        Ok(()) => Ok(Ending::Whole),
        Err(error) if error.is_eof() => Ok(Ending::Cut(format!("the JSON ends inside line {}", error.line()))),
        Err(error) => bail!("{name}: not {what}: {error}"),
    }
}
