//! Results of k6: a real run, written again and again.
//!
//! Copies follow one another in time. What k6 measured is scaled by chance, and tags come and go as they do between
//! protocols and kinds of errors, so that no two copies are alike.

use std::io::{self, Write};

use jiff::Timestamp;

use super::{Chance, Input, Kind, Sink, fixture};

/// The run.
const JSON: &str = "fixtures/k6/baseline-1/points.json.gz";
const CSV: &str = "fixtures/k6/baseline-1/points.csv.gz";
/// Standard deviation of the log of what values are scaled by.
const SCATTER: f64 = 0.05;
/// Factors there are; they are taken in turn.
const FACTORS: usize = 4_096;
/// Binary digits of a factor after the point.
const POINT: u32 = 16;
/// Columns of the CSV.
const ERROR: usize = 4;
const ERROR_CODE: usize = 5;
const PROTO: usize = 10;
const TLS_VERSION: usize = 15;

/// Texts of errors, as a value in JSON and as a field of CSV.
const ERRORS: [(&str, &str); 5] = [
    ("read tcp 127.0.0.1:5: connection reset", "read tcp 127.0.0.1:5: connection reset"),
    (r#"unexpected \"EOF\", closed"#, r#""unexpected ""EOF"", closed""#),
    (r"line 1\nline 2 \u00e9 café", "\"line 1\nline 2 é café\""),
    ("request timeout", "request timeout"),
    (r"path C:\\tmp\\x", r"path C:\tmp\x"),
];

/// A piece of a line.
enum Piece<'a> {
    /// As it is in the run.
    Text(&'a str),
    /// A time in seconds; what follows the second is text.
    Second(i64),
    /// A value in millionths.
    Value(u64),
    /// A place for the text of an error, for an address, for a version of TLS. All lines of a second have the same.
    Error,
    Address,
    Tls,
}

/// How pieces are written.
struct Style {
    second: fn(&mut Vec<u8>, i64) -> io::Result<()>,
    value: fn(&mut Vec<u8>, u64) -> io::Result<()>,
    error: fn(&mut Vec<u8>, usize) -> io::Result<()>,
    address: fn(&mut Vec<u8>, usize) -> io::Result<()>,
    tls: &'static str,
}

const AS_JSON: Style = Style {
    second: |out, second| {
        let time = Timestamp::from_second(second).map_err(io::Error::other)?;
        write!(out, "{}", time.strftime("%Y-%m-%dT%H:%M:%S"))
    },
    value: |out, millionths| {
        write!(out, "{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)?;
        while out.last() == Some(&b'0') {
            out.pop();
        }
        if out.last() == Some(&b'.') {
            out.pop();
        }
        Ok(())
    },
    error: |out, second| write!(out, r#""error":"{}","#, ERRORS[second % ERRORS.len()].0),
    address: |out, second| write!(out, r#""ip":"10.2.{}.7","#, second % 7),
    tls: r#""tls_version":"tls1.3","#,
};

const AS_CSV: Style = Style {
    second: |out, second| write!(out, "{second}"),
    value: |out, millionths| write!(out, "{}.{:06}", millionths / 1_000_000, millionths % 1_000_000),
    error: |out, second| out.write_all(ERRORS[second % ERRORS.len()].1.as_bytes()),
    address: |_, _| Ok(()),
    tls: "tls1.3",
};

/// Points as JSON, one a line.
pub(super) fn json(sink: &mut Sink, input: &Input) -> io::Result<()> {
    let text = fixture(JSON)?;
    let is_wanted = |line: &&str| input.kind == Kind::K6Json || line.contains(r#""metric":"http_req_duration""#);
    let lines =
        text.lines().filter(is_wanted).map(|line| if input.has_old_order { old_order(line) } else { line.into() });
    let lines: Vec<String> = lines.collect();
    let (definitions, points): (Vec<&String>, Vec<&String>) =
        lines.iter().partition(|line| line.contains(r#""type":"Metric""#));
    for line in definitions {
        writeln!(sink.buffer, "{line}")?;
    }
    let points: Vec<Vec<Piece<'_>>> = points.iter().map(|line| json_pieces(line)).collect();
    copies(sink, &points, &AS_JSON, input.seed)
}

/// Points as rows.
pub(super) fn csv(sink: &mut Sink, input: &Input) -> io::Result<()> {
    let text = fixture(CSV)?;
    let (head, rows) = text.split_once('\n').ok_or_else(|| io::Error::other("no header"))?;
    writeln!(sink.buffer, "{head}")?;
    let rows: Vec<Vec<Piece<'_>>> = rows.lines().map(csv_pieces).collect();
    copies(sink, &rows, &AS_CSV, input.seed)
}

/// Writes the lines again and again, until the file is full.
fn copies(sink: &mut Sink, lines: &[Vec<Piece<'_>>], style: &Style, seed: u64) -> io::Result<()> {
    let second = |piece: &Piece<'_>| if let Piece::Second(at) = piece { Some(*at) } else { None };
    let seconds = || lines.iter().flatten().filter_map(second);
    let span = seconds().max().unwrap_or(0) - seconds().min().unwrap_or(0) + 1;
    let mut chance = Chance(seed);
    let factors = (0..FACTORS).map(|_| (chance.factor(SCATTER) * f64::from(1 << POINT)).round() as u64);
    let factors: Vec<u64> = factors.collect();
    let mut clock = Clock { second: i64::MIN, text: Vec::new() };
    for (number, (copy, line)) in (0..).flat_map(|copy| lines.iter().map(move |line| (copy, line))).enumerate() {
        for piece in line {
            let out = &mut sink.buffer;
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Second(at) => clock.put(out, at + copy * span, style)?,
                Piece::Value(millionths) => (style.value)(out, (millionths * factors[number % FACTORS]) >> POINT)?,
                Piece::Error if copy % 2 == 1 => (style.error)(out, clock.second as usize)?,
                Piece::Address if copy % 3 == 2 => (style.address)(out, clock.second as usize)?,
                Piece::Tls if copy % 3 == 2 => out.extend_from_slice(style.tls.as_bytes()),
                Piece::Error | Piece::Address | Piece::Tls => {}
            }
        }
        sink.buffer.push(b'\n');
        if !sink.has_room()? {
            break;
        }
    }
    Ok(())
}

/// The second written last: most lines have the one of the line before.
struct Clock {
    second: i64,
    text: Vec<u8>,
}

impl Clock {
    fn put(&mut self, out: &mut Vec<u8>, second: i64, style: &Style) -> io::Result<()> {
        if self.second != second {
            self.second = second;
            self.text.clear();
            (style.second)(&mut self.text, second)?;
        }
        out.extend_from_slice(&self.text);
        Ok(())
    }
}

/// A line with `metric` as its last key.
fn old_order(line: &str) -> String {
    let parts = line.strip_prefix(r#"{"metric":""#).and_then(|rest| rest.strip_suffix('}')?.split_once(r#"","#));
    parts.map_or_else(|| line.to_owned(), |(metric, rest)| format!(r#"{{{rest},"metric":"{metric}"}}"#))
}

fn json_pieces(line: &str) -> Vec<Piece<'_>> {
    let (head, rest) = after(line, r#""time":""#);
    let (second, rest) = rest.split_at("2026-01-01T00:00:00".len());
    let second: Timestamp = format!("{second}Z").parse().expect("k6 wrote the time");
    let (fraction, rest) = after(rest, r#""value":"#);
    let (value, mut rest) = rest.split_at(rest.find([',', '}']).unwrap_or(rest.len()));
    let mut pieces = vec![Piece::Text(head), Piece::Second(second.as_second()), Piece::Text(fraction), scaled(value)];
    // Tags are in alphabetical order.
    let places = [(r#""error_code""#, Piece::Error), (r#""method""#, Piece::Address), (r#""url""#, Piece::Tls)];
    for (tag, piece) in places {
        if let Some(at) = rest.find(tag) {
            pieces.extend([Piece::Text(&rest[..at]), piece]);
            rest = &rest[at..];
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

fn csv_pieces(row: &str) -> Vec<Piece<'_>> {
    let commas: Vec<usize> = row.match_indices(',').map(|(at, _)| at).collect();
    let field = |column: usize| &row[commas[column - 1] + 1..commas[column]];
    let second = field(1).parse().expect("k6 wrote the time");
    let mut pieces = vec![Piece::Text(&row[..=commas[0]]), Piece::Second(second), Piece::Text(","), scaled(field(2))];
    let mut from = commas[2];
    let places = [(ERROR, ERROR_CODE, Piece::Error), (TLS_VERSION, PROTO, Piece::Tls)];
    for (column, if_there_is, piece) in places {
        if field(column).is_empty() && !field(if_there_is).is_empty() {
            pieces.extend([Piece::Text(&row[from..commas[column]]), piece]);
            from = commas[column];
        }
    }
    pieces.push(Piece::Text(&row[from..]));
    pieces
}

/// What is up to `mark` and with it, and what is after it.
fn after<'a>(text: &'a str, mark: &str) -> (&'a str, &'a str) {
    let at = text.find(mark).expect("points of k6 have a time and a value");
    text.split_at(at + mark.len())
}

/// A measured value, which is scaled; a count stays as it is.
fn scaled(value: &str) -> Piece<'_> {
    let millionths = value.split_once('.').and_then(|(whole, fraction)| {
        let digits = format!("{fraction:0<6}");
        (digits.len() == 6).then(|| format!("{whole}{digits}").parse().ok()).flatten()
    });
    // The CSV writes counts with a point too.
    let is_count = value.ends_with(".000000");
    millionths.filter(|_| !is_count).map_or(Piece::Text(value), Piece::Value)
}
