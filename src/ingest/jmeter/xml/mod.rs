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

use anyhow::{Context, Result, bail};

use super::tags::{Kind, Start, Tags, each_chunk};
use super::{Row, Rows};
use crate::ingest::{Detail, Format, Head, Input, Recorder};
use nesting::Nesting;
use sample::Sample;
use texts::Texts;

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
    /// A sample that counts or is listed; answers whether it is a transaction's.
    fn sample(&mut self, row: Row<'_>) -> bool;

    /// Something that a reader of the run should know.
    fn warn(&mut self, message: String);
}

impl Listener for Rows<'_> {
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
    let mut samples = Samples { name, nesting: Nesting::default(), labels: Texts::default(), groups: Texts::default() };
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
    labels: Texts,
    groups: Texts,
}

impl Samples<'_> {
    /// Reads `chunk`; answers how many bytes are left, from a tag on that is not whole.
    fn read(&mut self, chunk: &[u8], listener: &mut impl Listener) -> Result<usize> {
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
