//! How a badge looks: two flat boxes with text, 20 px high.

use super::{Badge, width};

/// Space beside a text, px.
const MARGIN: f64 = 5.0;
/// Texts are drawn in tenths of a pixel, so that their lengths are whole numbers.
const SCALE: f64 = 10.0;

/// The picture of a badge.
pub(super) fn draw(badge: &Badge) -> String {
    let (label, message) = (escaped(&badge.label), escaped(&badge.message));
    let (left, right) = (width::of(&badge.label), width::of(&badge.message));
    let (split, whole) = (box_width(left), box_width(left) + box_width(right));
    let (rest, color) = (whole - split, badge.color.hex());
    let texts = text(&label, 0.0, left) + &text(&message, split, right);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{label}: {message}">
<title>{label}: {message}</title>
<linearGradient id="s" x2="0" y2="100%"><stop offset="0" stop-color="#bbb" stop-opacity=".1"/><stop offset="1" stop-opacity=".1"/></linearGradient>
<clipPath id="r"><rect width="{whole}" height="20" rx="3" fill="#fff"/></clipPath>
<g clip-path="url(#r)"><rect width="{split}" height="20" fill="#555"/><rect x="{split}" width="{rest}" height="20" fill="{color}"/><rect width="{whole}" height="20" fill="url(#s)"/></g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" text-rendering="geometricPrecision" font-size="110">
{texts}</g>
</svg>
"##
    )
}

/// Width of the box around a text, whole px.
fn box_width(text: f64) -> f64 {
    (text + 2.0 * MARGIN).round()
}

/// A text and its shadow in a box that begins at `left`; `textLength` holds whatever font there is to the width that was
/// reckoned with.
fn text(text: &str, left: f64, length: f64) -> String {
    let middle = (SCALE * (left + box_width(length) / 2.0)).round();
    let length = (SCALE * length).round();
    let shadow = format!(
        r##"<text aria-hidden="true" x="{middle}" y="150" fill="#010101" fill-opacity=".3" transform="scale(.1)" textLength="{length}">{text}</text>"##
    );
    format!(r##"{shadow}<text x="{middle}" y="140" transform="scale(.1)" textLength="{length}">{text}</text>"##) + "\n"
}

/// Text for XML, in an element or in an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
