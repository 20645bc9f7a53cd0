//! `jmeter-xml`: a JTL as XML, with samples inside samples.
//!
//! A transaction controller that holds its samples is listed, and its samples count. Any other sample counts itself: what
//! lies in it are redirects and embedded resources, whose time it covers.
//! <https://jmeter.apache.org/usermanual/listeners.html#xmlformat2.1>

#[cfg(test)]
mod made;
mod nesting;
#[cfg(any(test, fuzzing))]
pub(in crate::ingest) mod plain;
mod sample;
mod texts;
mod usual;

use anyhow::{Context, Result, bail};

use super::rows::Usual;
use super::tags::{Kind, Start, Tags, each_chunk};
use super::{Row, Rows};
use crate::ingest::marks::Places;
use crate::ingest::{Detail, Format, Head, Input, Recorder};
use nesting::Nesting;
use sample::Sample;
use texts::{Texts, text};

pub(in crate::ingest) const FORMAT: Format =
    Format { name: "jmeter-xml", tool: "jmeter", about: "JMeter results as XML", detail: Detail::Raw, detect, read };

fn detect(head: &Head<'_>) -> bool {
    head.bytes().first() == Some(&b'<') && memchr::memmem::find(head.bytes(), b"<testResults").is_some()
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let mut rows = Rows::counting(recorder);
    if let Some(what) = scan(input, &mut rows)? {
        input.truncated(&what, rows.recorder())?;
    }
    rows.finish();
    Ok(())
}

/// Who is told what a file holds.
trait Listener {
    /// A usual sample, which is no transaction's; answers whether it was taken. If not, it is told as any other.
    fn usual(&mut self, _: &Usual<'_>) -> bool {
        false
    }

    /// A sample that counts or is listed; answers whether it is a transaction's.
    fn sample(&mut self, row: Row<'_>) -> bool;

    /// Something that a reader of the run should know.
    fn warn(&mut self, message: String);
}

impl Listener for Rows<'_> {
    #[inline]
    fn usual(&mut self, usual: &Usual<'_>) -> bool {
        self.take_usual(usual, text)
    }

    #[inline]
    fn sample(&mut self, row: Row<'_>) -> bool {
        self.take(&row)
    }

    fn warn(&mut self, message: String) {
        self.recorder().run().warn(message);
    }
}

/// Tells `listener` what is in `input`; answers what is missing where that is cut.
fn scan(input: &mut Input<'_>, listener: &mut impl Listener) -> Result<Option<String>> {
    let name = input.name();
    let mut samples = Samples {
        name,
        nesting: Nesting::default(),
        quotes: Places::default(),
        labels: Texts::default(),
        groups: Texts::default(),
    };
    let ends_in_tag = each_chunk(input, &mut |chunk| samples.read(chunk, listener))?;
    let nesting = samples.nesting;
    if nesting.roots == 0 {
        bail!("{name}: no <testResults>: this is no JTL");
    }
    let is_cut = ends_in_tag || nesting.is_open;
    Ok(is_cut.then(|| format!("</testResults> is missing after sample {}", nesting.number)))
}

/// Reads the samples of one file.
struct Samples<'a> {
    /// Name of the file, for messages.
    name: &'a str,
    nesting: Nesting,
    /// Those of the chunk.
    quotes: Places,
    labels: Texts,
    groups: Texts,
}

impl Samples<'_> {
    /// Reads `chunk`; answers how many bytes are left, from a tag on that is not whole.
    fn read(&mut self, chunk: &[u8], listener: &mut impl Listener) -> Result<usize> {
        self.quotes.find(chunk, b'"');
        let mut tags = Tags::new(chunk);
        while let Some(start) = tags.next() {
            if start == Start::Sample && !self.nesting.is_covered() {
                match self.sample(&mut tags, listener)? {
                    Some(()) => continue,
                    None => break,
                }
            }
            let Some(kind) = tags.end() else { break };
            match start {
                Start::Sample => self.nesting.cover(kind),
                Start::SampleEnd => self.nesting.leave().with_context(|| self.place())?,
                Start::Root => self.nesting.root(kind, self.name, listener)?,
            }
        }
        Ok(tags.left())
    }

    /// Reads a sample that lies in no other that counts; `None` if its tag is not whole.
    #[inline(always)]
    fn sample(&mut self, tags: &mut Tags<'_>, listener: &mut impl Listener) -> Result<Option<()>> {
        let (chunk, from) = tags.place();
        if let Some((usual, end)) = usual::sample(chunk, from, &self.quotes)
            && listener.usual(&usual)
        {
            self.nesting.number += 1;
            tags.go_behind(end);
            if !tags.ends_at_once() {
                self.nesting.enter(false);
            }
            return Ok(Some(()));
        }
        let mut tag = tags.expected();
        let mut sample = Sample::expected(&mut tag);
        let Some((rest, kind)) = tags.end_behind(tag) else { return Ok(None) };
        if !rest.is_empty() {
            sample.complete(rest);
        }
        self.nesting.number += 1;
        let row = sample.row(&mut self.labels, &mut self.groups);
        let is_transaction = listener.sample(row.with_context(|| place(self.name, self.nesting.number))?);
        if kind == Kind::Open && !tags.ends_at_once() {
            self.nesting.enter(is_transaction);
        }
        Ok(Some(()))
    }

    fn place(&self) -> String {
        place(self.name, self.nesting.number)
    }
}

fn place(name: &str, number: u64) -> String {
    format!("{name}: sample {number}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::truth::{assert_true, read, truth};
    use super::{Listener, Row, Rows, scan};
    use crate::ingest::testing::{parts, run};
    use crate::ingest::{Input, Options, Recorder, join};
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

    /// Rows that are told of no sample as a usual one.
    struct EachRow<'a>(Rows<'a>);

    impl Listener for EachRow<'_> {
        fn sample(&mut self, row: Row<'_>) -> bool {
            self.0.take(&row)
        }

        fn warn(&mut self, message: String) {
            Listener::warn(&mut self.0, message);
        }
    }

    #[test]
    fn usual_samples_count_as_they_would_one_by_one() {
        let labels = [
            "a",
            "a&amp;b",
            "a&amp;amp;b",
            "",
            "caf\u{e9}",
            "GET &quot;a&quot;",
            "a label longer than 32 bytes is one too",
        ];
        let samples = |last_stamp_is_end: bool| -> String {
            (0..12_000_u64)
                .map(|at| {
                    let (elapsed, label) = (at * at % 700, labels[at as usize % labels.len()]);
                    let stamp = 1_795_226_767_635 + 3 * at + if last_stamp_is_end { 0 } else { at % 2 * 900 };
                    let ok = at % 31 > 0;
                    let (idle, message) = (u64::from(at % 97 == 0), if at % 89 == 0 { "" } else { "OK" });
                    let thread = ["browse 1-2", "buy &amp; pay 1-1", "one"][(at / 50 % 3) as usize];
                    format!(
                        "\n<httpSample t=\"{elapsed}\" it=\"{idle}\" lt=\"1\" ct=\"0\" ts=\"{stamp}\" s=\"{ok}\" lb=\"{label}\" rc=\"200\" \
                         rm=\"{message}\" tn=\"{thread}\" dt=\"text\" by=\"1\" sby=\"1\" ng=\"1\" na=\"{}\">\n</httpSample>",
                        at % 9
                    )
                })
                .collect()
        };
        for is_end in [false, true] {
            let text = format!("<testResults version=\"1.2\">{}\n</testResults>\n", samples(is_end));
            let options = Options::default();
            let mut recorder = Recorder::new(&options);
            let (mut bytes, mut rows) = (text.as_bytes(), EachRow(Rows::counting(&mut recorder)));
            assert_eq!(scan(&mut Input::new("x.jtl", &mut bytes, &options), &mut rows).unwrap(), None);
            rows.0.finish();
            let (one_by_one, at_once) = (recorder.finish().unwrap(), run(&[("x.jtl", text.as_bytes())]).unwrap());
            assert_eq!(at_once.warnings.iter().any(|warning| warning.0.contains("end of each sample")), is_end);
            assert_eq!((&at_once.endpoints, &at_once.total), (&one_by_one.endpoints, &one_by_one.total));
            assert_eq!((&at_once.load, &at_once.failures), (&one_by_one.load, &one_by_one.failures));
            assert_eq!(at_once.endpoints.len(), labels.len());
        }
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
    fn a_time_that_cannot_be_told_in_nanoseconds_is_none() {
        let far = sample("a", "").replace("1795226767635", "9999999999999");
        let said = format!("{:#}", samples(&far).unwrap_err());
        assert!(said.contains("attribute 'ts' is missing or no time"), "{said}");
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
