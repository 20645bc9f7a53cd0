//! `jmeter-xml`: a JTL as XML, with samples inside samples.
//!
//! A transaction controller that holds its samples is listed, and its samples count. Any other sample counts itself: what
//! lies in it are redirects and embedded resources, whose time it covers.
//! <https://jmeter.apache.org/usermanual/listeners.html#xmlformat2.1>

use anyhow::{Context, Result, bail, ensure};

use super::columns::{count, milliseconds};
use super::tags::{Kind, Tag, Tags, text};
use super::time::Clock;
use super::{Row, Rows, failure, named, transaction};
use crate::ingest::{Detail, Format, Head, Input, Recorder};

pub(in crate::ingest) const FORMAT: Format =
    Format { name: "jmeter-xml", tool: "jmeter", about: "JMeter results as XML", detail: Detail::Raw, detect, read };

/// The outermost element.
const ROOT: &[u8] = b"testResults";

fn detect(head: &Head<'_>) -> bool {
    head.bytes().first() == Some(&b'<') && memchr::memmem::find(head.bytes(), b"<testResults").is_some()
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let mut rows = Rows::new(recorder);
    let mut tags = Tags::new(input);
    let mut nesting = Nesting::default();
    let name = tags.input().name();
    while let Some(tag) = tags.next()? {
        if matches!(tag.name, b"sample" | b"httpSample") {
            nesting.number += u64::from(tag.kind != Kind::Close);
            let number = nesting.number;
            nesting.take(&tag, &mut rows).with_context(|| format!("{name}: sample {number}"))?;
        } else if tag.name == ROOT {
            nesting.root(tag.kind, name, &mut rows)?;
        }
    }
    if nesting.roots == 0 {
        bail!("{name}: no <testResults>: this is no JTL");
    }
    if tags.was_cut() || nesting.is_open {
        let what = format!("</testResults> is missing after sample {}", nesting.number);
        tags.input().truncated(&what, rows.recorder())?;
    }
    rows.finish();
    Ok(())
}

/// Where in the tree of samples the reader is, in the memory of a few numbers, however deep it is.
#[derive(Default)]
struct Nesting {
    /// Samples that are open.
    depth: u64,
    /// The depth of an open sample that counts itself: those in it do not.
    covered: Option<u64>,
    /// Samples so far.
    number: u64,
    /// Outermost elements so far, and whether one is open.
    roots: u64,
    is_open: bool,
}

impl Nesting {
    fn take(&mut self, tag: &Tag<'_>, rows: &mut Rows<'_>) -> Result<()> {
        if tag.kind == Kind::Close {
            self.depth = self.depth.checked_sub(1).context("it ends and did not start")?;
            self.covered = self.covered.filter(|depth| *depth < self.depth);
            return Ok(());
        }
        if self.covered.is_none() {
            let is_transaction = rows.take(&row(tag)?);
            if tag.kind == Kind::Open && !is_transaction {
                self.covered = Some(self.depth);
            }
        }
        self.depth += u64::from(tag.kind == Kind::Open);
        Ok(())
    }

    /// The outermost element starts, possibly again where `-l` appended to a file that was cut, or ends.
    fn root(&mut self, kind: Kind, name: &str, rows: &mut Rows<'_>) -> Result<()> {
        self.is_open = kind == Kind::Open;
        if kind == Kind::Close {
            ensure!(self.depth == 0, "{name}: sample {} or one around it does not end", self.number);
            return Ok(());
        }
        (self.depth, self.covered) = (0, None);
        self.roots += 1;
        if self.roots > 1 {
            rows.recorder().run().warn(format!("{name}: a second <testResults>: two runs are mixed in this file"));
        }
        Ok(())
    }
}

/// Attributes of a sample, raw.
#[derive(Default)]
struct Sample<'a> {
    elapsed: &'a [u8],
    stamp: &'a [u8],
    success: &'a [u8],
    label: Option<&'a [u8]>,
    code: &'a [u8],
    message: &'a [u8],
    data_type: &'a [u8],
    thread: &'a [u8],
    idle: &'a [u8],
    users: &'a [u8],
    samples: &'a [u8],
    errors: &'a [u8],
}

impl<'a> Sample<'a> {
    fn of(tag: &Tag<'a>) -> Self {
        let mut sample = Self::default();
        for (name, value) in tag.attributes() {
            match name {
                b"t" => sample.elapsed = value,
                b"ts" => sample.stamp = value,
                b"s" => sample.success = value,
                b"lb" => sample.label = Some(value),
                // `rs` before 2.1.
                b"rc" | b"rs" => sample.code = value,
                b"rm" => sample.message = value,
                b"dt" => sample.data_type = value,
                b"tn" => sample.thread = value,
                b"it" => sample.idle = value,
                b"na" => sample.users = value,
                b"sc" => sample.samples = value,
                b"ec" => sample.errors = value,
                _ => {}
            }
        }
        sample
    }

    fn failure(&self) -> String {
        failure(&text(self.code), &text(self.message), "")
    }
}

/// The row of a sample.
fn row<'a>(tag: &Tag<'a>) -> Result<Row<'a>> {
    let sample = Sample::of(tag);
    let stamp = Clock::default().read(sample.stamp);
    let stamp = stamp.context("attribute 'ts' is missing or no time; -Jjmeter.save.saveservice.timestamp_format=ms")?;
    let elapsed = milliseconds(sample.elapsed);
    let elapsed = elapsed.context("attribute 't' is missing or no number; -Jjmeter.save.saveservice.time=true")?;
    let ok = match sample.success {
        value if value.eq_ignore_ascii_case(b"true") => true,
        value if value.eq_ignore_ascii_case(b"false") => false,
        _ => bail!("attribute 's' is neither true nor false; -Jjmeter.save.saveservice.successful=true"),
    };
    let label = sample.label.context("attribute 'lb' is missing; -Jjmeter.save.saveservice.label=true")?;
    let samples = count(sample.samples).unwrap_or(1);
    let failed = if ok { 0 } else { samples };
    let (label, hash) = named(text(label));
    Ok(Row {
        label,
        hash,
        thread: text(sample.thread),
        stamp,
        elapsed,
        idle: milliseconds(sample.idle).unwrap_or(0).max(0),
        samples,
        errors: if samples == 1 { failed } else { count(sample.errors).unwrap_or(failed).min(samples) },
        transaction: transaction(sample.message),
        silent: sample.message.is_empty() && sample.data_type.is_empty(),
        failure: (!ok).then(|| sample.failure().into()),
        users: count(sample.users).map(u64::from),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::truth::{assert_true, read, truth};
    use crate::ingest::testing::{parts, run};
    use crate::ingest::{Options, join};
    use crate::model::{Kind, Run};

    /// The run of samples inside a whole file.
    fn samples(samples: &str) -> anyhow::Result<Run> {
        let text = format!("<?xml version=\"1.0\"?>\n<testResults version=\"1.2\">\n{samples}\n</testResults>\n");
        run(&[("x.jtl", text.as_bytes())])
    }

    fn sample(label: &str, inside: &str) -> String {
        let attributes =
            format!("t=\"52\" ts=\"1795226767635\" s=\"true\" lb=\"{label}\" rc=\"200\" tn=\"browse 1-2\"");
        format!("<httpSample {attributes} rm=\"OK\" na=\"3\">{inside}</httpSample>")
    }

    fn labels(run: &Run) -> Vec<(&str, u64)> {
        run.requests().map(|e| (e.name.as_str(), e.count.unwrap())).collect()
    }

    #[test]
    fn a_real_run_is_read_exactly() {
        let run = read("baseline.xml.jtl.gz");
        assert_true(&run, &truth("baseline"));
        assert_eq!((run.load.peak_users, run.warnings.len()), (Some(9), 0));
    }

    #[test]
    fn samples_inside_controllers_count_and_the_controllers_are_listed() {
        assert_true(&read("parent.xml.jtl"), &truth("parent"));
    }

    #[test]
    fn xml_and_csv_of_a_run_are_the_same_run() {
        let (xml, csv) = (read("baseline.xml.jtl.gz"), read("baseline.jtl"));
        assert_eq!((xml.started_at, xml.duration, xml.total), (csv.started_at, csv.duration, csv.total));
        assert_eq!((xml.endpoints, xml.failures), (csv.endpoints, csv.failures));
    }

    #[test]
    fn redirects_and_resources_are_covered_by_their_parent() {
        let deep = sample("page", &sample("page-0", &sample("page-0-0", "")));
        let run = samples(&format!("{deep}{}", sample("next", ""))).unwrap();
        assert_eq!(labels(&run), [("next", 1), ("page", 1)]);
    }

    #[test]
    fn controllers_inside_controllers_are_all_listed() {
        let controller = |label: &str, inside: &str| {
            let message = "rm=\"Number of samples in transaction : 1, number of failing samples : 0\"";
            sample(label, inside).replacen("rm=\"OK\"", message, 1)
        };
        let inside = sample("GET /", &sample("GET /-0", ""));
        let run = samples(&controller("outer", &controller("inner", &inside))).unwrap();
        let kinds: Vec<_> = run.endpoints.iter().map(|e| (e.name.as_str(), e.kind)).collect();
        assert!(kinds.contains(&("outer", Kind::Transaction)) && kinds.contains(&("inner", Kind::Transaction)));
        assert!(kinds.iter().all(|(name, _)| *name != "GET /-0"), "{kinds:?}");
        assert_eq!(run.total.unwrap().count, Some(1));
    }

    #[test]
    fn old_names_raw_brackets_and_other_sections_are_read() {
        let inside = "<responseData class=\"java.lang.String\">a > b &lt;httpSample/&gt; \u{1}</responseData>\
                      <!-- <httpSample t='1'/> it's --><![CDATA[<sample/>]]>";
        let old = "<sampleResult/><sample t='7' ts='1795226767700' s='FALSE' lb='a > &quot;b&quot;&#x0;' rs='404'/>";
        let run = samples(&format!("{}{old}", sample("c", inside))).unwrap();
        assert_eq!(labels(&run), [("a > \"b\"\u{fffd}", 1), ("c", 1)]);
        assert_eq!(run.failures[0].message, "404");
    }

    #[test]
    fn responses_of_megabytes_are_passed_over() {
        let run = samples(&sample("a", &format!("<responseData>{}</responseData>", "x".repeat(20 << 20)))).unwrap();
        assert_eq!(labels(&run), [("a", 1)]);
    }

    #[test]
    fn any_depth_is_read_in_bounded_memory() {
        let open = sample("a", "").replace("</httpSample>", "");
        let deep = format!("{}{}", open.repeat(20_000), "</httpSample>".repeat(20_000));
        assert_eq!(labels(&samples(&deep).unwrap()), [("a", 1)]);
    }

    #[test]
    fn a_cut_file_is_refused_unless_allowed() {
        let whole = format!("<testResults version=\"1.2\">{}{}</testResults>", sample("a", ""), sample("b", ""));
        let allow = Options { allow_truncated: true, ..Options::default() };
        for size in [whole.len() - 3, whole.len() - 14, whole.len() - 60] {
            let cut = &whole.as_bytes()[..size];
            let said = format!("{:#}", run(&[("x", cut)]).unwrap_err());
            assert!(said.contains("--allow-truncated") && said.contains("</testResults>"), "{said}");
            let kept = join(parts(&[("x", cut)]), &allow).unwrap();
            assert_eq!(kept.warnings.len(), 1);
            assert!(kept.total.unwrap().count >= Some(1));
        }
    }

    #[test]
    fn a_missing_attribute_is_named_with_the_sample() {
        for (attribute, remedy) in [("t=\"52\"", "saveservice.time=true"), ("lb=\"a\"", "saveservice.label=true")] {
            let text = format!("{}{}", sample("b", ""), sample("a", "").replace(attribute, ""));
            let said = format!("{:#}", samples(&text).unwrap_err());
            assert!(said.contains("x.jtl: sample 2: attribute") && said.contains(remedy), "{said}");
        }
        assert!(format!("{:#}", samples("</sample>").unwrap_err()).contains("did not start"));
    }

    #[test]
    fn a_second_file_in_a_file_is_warned_about() {
        let run = samples(&format!("{}</testResults><testResults>{}", sample("a", ""), sample("a", ""))).unwrap();
        assert_eq!(labels(&run), [("a", 2)]);
        assert!(run.warnings[0].0.contains("two runs"), "{:?}", run.warnings);
        let open = sample("a", "").replace("</httpSample>", "");
        let run = samples(&format!("{open}<testResults>{}", sample("b", ""))).unwrap();
        assert_eq!(labels(&run), [("a", 1), ("b", 1)]);
        assert!(format!("{:#}", samples(&open).unwrap_err()).contains("does not end"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_bytes_panic(rest in prop::collection::vec(any::<u8>(), 0..200), tail in "[<>/a-z=\"' ]{0,40}") {
            let bytes = [b"<testResults><sample ".as_slice(), tail.as_bytes(), &rest].concat();
            let _ = run(&[("x", &bytes)]);
        }

        #[test]
        fn the_order_of_the_attributes_does_not_matter(
            attributes in Just(vec!["t=\"52\"", "ts='1795226767635'", "s=\"false\"", "lb=\"a\"", "rc=\"500\"", "rm=\"No\""])
                .prop_shuffle(),
        ) {
            let run = samples(&format!("<sample {}/>", attributes.join(" "))).unwrap();
            prop_assert_eq!(labels(&run), [("a", 1)]);
            prop_assert_eq!(run.failures[0].message.as_str(), "500 No");
        }
    }
}
