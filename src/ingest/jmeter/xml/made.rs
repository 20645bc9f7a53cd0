//! Made-up files: what `JMeter` writes, in its order and form or not, and now and then what is wrong.

use proptest::prelude::*;

/// Attributes in `JMeter`'s order, values it usually writes, and others, some of which are wrong.
const ATTRIBUTES: [(&str, &[&str], &[&str]); 20] = [
    ("t", &["0", "7", "52", "4066", "123456789"], &["1234567890", "1.5", "-3", "052", "", "x", "5x"]),
    ("it", &["0", "186"], &["-1", "0.5", "", "x", "NaN"]),
    ("lt", &["39", "0"], &["", "99999999999", "it='7'"]),
    ("ct", &["3", "0"], &["-", "> <"]),
    (
        "ts",
        &["1795226767635", "1795226767700"],
        &["1795226767", "2026-11-21T02:12:56Z", "9999999999999", "1795226767x", ""],
    ),
    ("s", &["true", "true", "true", "false"], &["TRUE", "False", "maybe"]),
    (
        "lb",
        &["GET /", "GET /items, &quot;all&quot;", "a label longer than one window", "a label of 16 b."],
        &["it's > <b>", "", "&#x0;&", "\u{e9}\u{1}"],
    ),
    ("rc", &["200", "200", "404"], &["Non HTTP response code: java.net.ConnectException", "", "2\"00"]),
    ("rm", &["OK", "OK", "Number of samples in transaction : 3, number of failing samples : 1"], &["", "Not <found>"]),
    ("tn", &["browse 1-2", "host-a thread group of a long name 1-12"], &["", "&amp;-1"]),
    ("dt", &["text", "text", "bin", ""], &["text "]),
    ("de", &["utf-8"], &[""]),
    ("by", &["155", "0", "4066123"], &["x"]),
    ("sby", &["179"], &["-1"]),
    ("sc", &["1", "7", "2"], &["0", "", "x"]),
    ("ec", &["0", "1", "9"], &["x"]),
    ("ng", &["2"], &[""]),
    ("na", &["3", "50", "1000"], &["", "-1", "1234567890"]),
    ("hn", &["vm"], &["a=b"]),
    ("SESSION", &["x"], &["\"ts\" is t=5", "/>"]),
];

/// The value of an attribute.
fn value(usual: &'static [&'static str], other: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop_oneof![60 => prop::sample::select(usual), 1 => prop::sample::select(other)]
}

/// An attribute, usually in the form that `JMeter` writes.
fn attribute(name: &'static str, values: impl Strategy<Value = &'static str>) -> impl Strategy<Value = String> {
    let blank = prop_oneof![30 => Just(" "), 1 => Just("\n\t"), 1 => Just("  "), 1 => Just("")];
    let equals = prop_oneof![30 => Just("="), 1 => Just(" = "), 1 => Just("= ")];
    let form = prop_oneof![8 => Just((" ", "=", false)), 2 => (blank, equals, prop::bool::weighted(0.05))];
    (values, form).prop_map(move |(value, (blank, equals, is_single))| {
        let quote = if (is_single || value.contains('"')) && !value.contains('\'') { '\'' } else { '"' };
        format!("{blank}{name}{equals}{quote}{value}{quote}")
    })
}

/// Attributes of a sample as most are, with some values of any size.
fn usual() -> impl Strategy<Value = String> {
    let number = "[0-9]{1,9}|[0-9]{0,12}|[0-9x.-]{0,3}";
    let text = "[a-zA-Z /?=.,:{}'<>é]{0,60}|(GET /[a-z]{1,9}|&amp;|&quot;){0,3}";
    (number, number, number, text, "[a-z &;]{0,40}(-[0-9]{0,12})?", number, number, number, number).prop_map(
        |(t, lt, ct, lb, tn, by, sby, ng, na)| {
            format!(
                " t=\"{t}\" it=\"0\" lt=\"{lt}\" ct=\"{ct}\" ts=\"1795226767635\" s=\"true\" lb=\"{lb}\" rc=\"200\" rm=\"OK\" \
                 tn=\"{tn}\" dt=\"text\" by=\"{by}\" sby=\"{sby}\" ng=\"{ng}\" na=\"{na}\""
            )
        },
    )
}

/// Attributes of a sample, usually those that must be there and in order.
fn attributes() -> impl Strategy<Value = String> {
    prop_oneof![usual(), any()]
}

fn any() -> impl Strategy<Value = String> {
    let each = ATTRIBUTES.iter().map(|(name, usual, other)| {
        let share = match *name {
            "t" | "ts" | "s" | "lb" => 0.998,
            "SESSION" => 0.1,
            _ => 0.8,
        };
        prop::option::weighted(share, attribute(name, value(usual, other))).prop_map(Option::unwrap_or_default)
    });
    let each: Vec<_> = each.collect();
    let order = |texts: Vec<String>| prop_oneof![8 => Just(texts.clone()), 1 => Just(texts).prop_shuffle()];
    let junk = prop::sample::select([" junk", " rs='503'", " a \"b=c\"", " =", "/"].as_slice());
    let junk = prop::option::weighted(0.03, (junk, 0..20_usize));
    (each.prop_flat_map(order), junk).prop_map(|(mut texts, junk)| {
        junk.into_iter().for_each(|(text, at)| texts.insert(at, text.to_owned()));
        texts.concat()
    })
}

/// What lies in a sample and tells nothing.
const INSIDE: [&str; 12] = [
    "\n  <java.net.URL>http://127.0.0.1:18301/items?a=1&amp;b=2</java.net.URL>\n",
    "\n  <java.net.URL>http://127.0.0.1:18301/items?a=1&amp;b=2</java.net.URL>\n",
    "\n  <java.net.URL>http://127.0.0.1:18301/items?a=1&amp;b=2</java.net.URL>\n",
    "\n  <java.net.URL/>\n",
    "\n    <java.net.URL>http://127.0.0.1:18301/</java.net.URL>",
    "\n  <java.net.URL>a<httpSample/></java.net.URL>\n",
    "<responseData class=\"java.lang.String\">a > b \"c' &lt;sample/&gt; \u{1}</responseData>",
    "<assertionResult a='>' b=\"'>\"><name>x</name></assertionResult>",
    "<!-- <sample t='1'/> it's --><!DOCTYPE a><?sample?>",
    "<![CDATA[</sample> ]] ]>]]>",
    "<samples/><sampleResult t=\"5\"/><httpSample2></httpSample2 >",
    "",
];

/// A sample with what lies in it, which may be samples again.
fn sample() -> impl Strategy<Value = String> {
    let inside = || prop::sample::select(INSIDE.as_slice()).prop_map(str::to_owned);
    inside().prop_recursive(3, 12, 4, move |inner| {
        let inside = prop_oneof![3 => inside(), 1 => prop::collection::vec(inner, 0..4).prop_map(|all| all.concat())];
        let name = prop_oneof![8 => Just("httpSample"), 2 => Just("sample")];
        let end = prop_oneof![20 => Just(""), 1 => Just(" "), 1 => Just("\n")];
        let before = prop_oneof![8 => Just("\n"), 1 => Just(""), 1 => Just("\n  "), 1 => Just(" a > b\n")];
        let form = (before, name, attributes(), end, prop::bool::weighted(0.1), inside);
        form.prop_map(|(before, name, attributes, end, is_empty, inside)| match is_empty {
            true => format!("{before}<{name}{attributes}{end}/>"),
            false => format!("{before}<{name}{attributes}{end}>{inside}</{name}{end}>"),
        })
    })
}

/// A file, with `between` after its samples.
pub(super) fn file() -> impl Strategy<Value = String> {
    let between = prop_oneof![20 => Just(""), 1 => Just("</testResults><testResults>"), 1 => Just("<testResults>")];
    let samples = prop::collection::vec((sample(), between), 0..12);
    samples.prop_map(|samples| {
        let samples: String = samples.into_iter().map(|(sample, between)| sample + between).collect();
        format!("<?xml version=\"1.0\"?>\n<testResults version=\"1.2\">{samples}\n</testResults>\n")
    })
}
