//! Streams as zlib-rs inflates them.

use std::io::BufReader;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use proptest::prelude::*;

use super::*;

/// What comes of a stream, and how many bytes of it were used; `None` for these if it is refused.
type Answer = (Vec<u8>, Option<usize>);

fn ours(stream: &[u8], buffer: usize, size: usize) -> Answer {
    let mut reader = BufReader::with_capacity(buffer, stream);
    let (mut inflate, mut all, mut piece) = (Inflate::new(), Vec::new(), vec![0; size]);
    loop {
        let (made, ended) = inflate.read(&mut reader, &mut piece);
        all.extend_from_slice(&piece[..made]);
        match ended {
            Ok(false) => assert_eq!(made, size),
            Ok(true) => return (all, Some(stream.len() - reader.get_ref().len() - reader.buffer().len())),
            Err(_) => return (all, None),
        }
    }
}

fn theirs(stream: &[u8]) -> Answer {
    let (mut inflate, mut all, mut piece) = (Decompress::new(false), Vec::new(), vec![0; 4_096]);
    loop {
        let (read, made) = (inflate.total_in() as usize, inflate.total_out());
        let status = inflate.decompress(&stream[read..], &mut piece, FlushDecompress::None);
        let given = (inflate.total_out() - made) as usize;
        all.extend_from_slice(&piece[..given]);
        match status {
            Ok(Status::StreamEnd) => return (all, Some(inflate.total_in() as usize)),
            Ok(_) if given > 0 || inflate.total_in() as usize > read => {}
            _ => return (all, None),
        }
    }
}

fn assert_agrees(stream: &[u8], buffer: usize, size: usize) {
    assert!(ours(stream, buffer, size) == theirs(stream), "{} bytes by {buffer}, {size}", stream.len());
}

fn deflated(text: &[u8], level: u32) -> Vec<u8> {
    let mut stream = Vec::with_capacity(text.len() + 1_024);
    Compress::new(Compression::new(level), false).compress_vec(text, &mut stream, FlushCompress::Finish).unwrap();
    stream
}

/// Text that repeats itself from near and far, in matches of all lengths.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = (any::<prop::sample::Index>(), 1_usize..400, 0_usize..3, any::<u64>());
    prop::collection::vec(piece, 0..1_500).prop_map(|pieces| {
        let mut text = Vec::new();
        for (from, length, kind, mut seed) in pieces {
            for at in 0..length {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let random = (seed >> 56) as u8;
                match kind {
                    // All bytes there are, and few.
                    0 if at < 20 => text.push(random),
                    0 => text.push(b'0' + random % 5),
                    // What was before, also what is written just now.
                    _ if !text.is_empty() => {
                        text.push(text[text.len() - 1 - from.index(text.len().min(1 + length * length))])
                    }
                    _ => text.push(b','),
                }
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn streams_are_inflated_as_by_another(
        text in text(),
        level in 0_u32..10,
        buffer in 1_usize..5_000,
        size in 1_usize..300_000,
    ) {
        let mut stream = deflated(&text, level);
        stream.extend(b"what follows");
        prop_assert!(ours(&stream, buffer, size).0 == text);
        assert_agrees(&stream, buffer, size);
    }

    #[test]
    fn damaged_streams_are_refused_as_by_another(
        text in text(),
        level in 1_u32..10,
        damage in (any::<prop::sample::Index>(), any::<u8>()),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut stream = deflated(&text, level);
        assert_agrees(&stream[..cut.index(stream.len())], 1 << 16, 1 << 16);
        let at = damage.0.index(stream.len());
        stream[at] = damage.1;
        assert_agrees(&stream, 1 << 16, 1 << 16);
    }

    #[test]
    fn any_bytes_are_taken_as_by_another(kind in 0_u8..8, mut bytes in prop::collection::vec(any::<u8>(), 1..300)) {
        bytes[0] = bytes[0] & !7 | kind;
        assert_agrees(&bytes, 64, 1_000);
    }
}

#[test]
fn a_stream_after_another_knows_nothing_of_it() {
    let mut inflate = Inflate::new();
    let mut piece = [0; 100];
    let (made, ended) = inflate.read(&mut &deflated(b"what was before", 6)[..], &mut piece);
    assert!(&piece[..made] == b"what was before" && ended.unwrap());
    inflate.restart();
    // A match of three from one byte back.
    let (made, ended) = inflate.read(&mut &[0b0000_0011, 0b0000_0010, 0][..], &mut piece);
    assert!(made == 0 && ended.is_err());
}

#[test]
fn the_example_of_the_specification_is_understood() {
    // RFC 1951, 3.2.2.
    let mut table = Table::<3, 16>::default();
    table.fill(&[3, 3, 3, 3, 3, 2, 4, 4], Entry::of_code_length).unwrap();
    let codes = ["010", "011", "100", "101", "110", "00", "1110", "1111"];
    for (symbol, code) in codes.into_iter().enumerate() {
        // The first bit of a code is the lowest.
        let stream = code.bytes().rev().fold(0, |bits, bit| bits << 1 | (bit - b'0'));
        let mut bits = Bits::default();
        let entry = bits.symbol(&mut &[stream, 0xff][..], &table).unwrap().0;
        assert_eq!(usize::from(entry.code_length()), symbol);
        assert_eq!(bits.count as usize, 8 - code.len());
    }
}

#[test]
fn lengths_of_no_code_are_refused() {
    let mut table = Table::<3, 16>::default();
    for lengths in [&[1, 1, 1][..], &[2, 2, 2], &[3], &[1, 2]] {
        assert!(table.fill(lengths, Entry::of_distance).is_none(), "{lengths:?}");
    }
    for lengths in [&[1][..], &[], &[0, 1, 1], &[1, 2, 3, 3]] {
        assert!(table.fill(lengths, Entry::of_distance).is_some(), "{lengths:?}");
    }
}

#[test]
fn symbols_stand_for_what_the_specification_says() {
    // RFC 1951, 3.2.5, with all extra bits set.
    for (symbol, least, most) in
        [(257, 3, 3), (264, 10, 10), (265, 11, 12), (277, 67, 82), (284, 227, 258), (285, 258, 258)]
    {
        let entry = Entry::of_length(symbol);
        assert_eq!((entry.length(0), entry.length(!0)), (least, most), "{symbol}");
    }
    for (symbol, least, most) in [(0, 1, 1), (3, 4, 4), (4, 5, 6), (20, 1_025, 1_536), (29, 24_577, 32_768)] {
        let entry = Entry::of_distance(symbol);
        assert_eq!((entry.distance(0), entry.distance(!0)), (least, most), "{symbol}");
    }
    assert!(Entry::of_length(286).is_special() && Entry::of_distance(30).is_special());
}
