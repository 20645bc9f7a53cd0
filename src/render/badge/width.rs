//! How wide a text is in Verdana, 11 px: from the font's advance widths, so that no font is needed.

use unicode_width::UnicodeWidthChar;

/// Height of the letters, px.
const SIZE: f64 = 11.0;
/// Advance widths of U+0020 to U+007E in thousandths of the size, from the font's metrics.
const ADVANCES: [u16; 95] = [
    352, 394, 459, 818, 636, 1076, 727, 269, 454, 454, 636, 818, 364, 454, 364, 454, // space to /
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 454, 454, 818, 818, 818, 545, // 0 to ?
    1000, 684, 686, 698, 771, 632, 575, 775, 751, 421, 455, 693, 557, 843, 748, 787, // @ to O
    603, 787, 695, 684, 616, 732, 684, 989, 685, 615, 685, 454, 454, 454, 818, 636, // P to _
    636, 601, 623, 521, 623, 596, 352, 623, 633, 274, 344, 592, 274, 973, 633, 607, // ` to o
    623, 623, 427, 521, 394, 633, 592, 818, 592, 592, 525, 635, 454, 635, 818, // p to ~
];
/// Of any other letter, for each column that it takes: wide rather than cut off.
const OTHER: u16 = 750;

/// The width of `text`, px.
pub(super) fn of(text: &str) -> f64 {
    let thousandths: u64 = text.chars().map(|c| u64::from(advance(c))).sum();
    SIZE * thousandths as f64 / 1_000.0
}

fn advance(character: char) -> u16 {
    let place = u32::from(character).checked_sub(u32::from(' ')).and_then(|place| usize::try_from(place).ok());
    let known = place.and_then(|place| ADVANCES.get(place)).copied();
    known.unwrap_or_else(|| OTHER * character.width().unwrap_or(0) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font() {
        // shields.io draws "passing" 41 px wide and "build" 27 px.
        assert!((of("build") - 27.0).abs() < 1.0, "{}", of("build"));
        assert!((of("passing") - 41.0).abs() < 1.0, "{}", of("passing"));
        assert!(of("検索") > of("ab"));
    }
}
