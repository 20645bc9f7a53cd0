//! Tables for a terminal: columns aligned by display width, notes between the lines.

use unicode_width::UnicodeWidthStr;

use super::numbers::NONE;
use super::style::{Paint, Style};

/// Space between columns.
const GAP: &str = "  ";
/// Narrowest that a first column is cut to.
const LEAST: usize = 16;

/// Lines of cells under a heading. The first column is the one that is cut where the width does not suffice.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    columns: Vec<(String, Align)>,
    lines: Vec<Line>,
}

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// Words.
    Left,
    /// Figures.
    Right,
}

#[derive(Clone, Debug)]
enum Line {
    Cells(Vec<(String, Paint)>),
    Note(String),
}

impl Table {
    /// An empty table with these columns; columns without any figure are not shown.
    pub(super) fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect();
        Self { columns, lines: Vec::new() }
    }

    /// Adds a line.
    pub(super) fn push(&mut self, cells: Vec<(String, Paint)>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.lines.push(Line::Cells(cells));
    }

    /// Adds a note under the last line.
    pub(super) fn note(&mut self, text: &str) {
        self.lines.push(Line::Note(text.to_owned()));
    }

    /// The table as text, each line indented and ended; nothing where there are no lines.
    pub(super) fn text(&self, style: &Style, indent: usize) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        let widths = self.widths(style.width.saturating_sub(indent));
        let margin = " ".repeat(indent);
        let heading: Vec<_> = self.columns.iter().map(|(name, _)| (name.clone(), Paint::Dim)).collect();
        let mut text = format!("{margin}{}\n", self.row(&heading, &widths, style));
        for line in &self.lines {
            match line {
                Line::Cells(cells) => text.push_str(&format!("{margin}{}\n", self.row(cells, &widths, style))),
                Line::Note(note) => text.push_str(&paragraph(note, style, indent + 2)),
            }
        }
        text
    }

    /// Widths of the columns; 0 for those without content.
    fn widths(&self, most: usize) -> Vec<usize> {
        let mut widths = vec![0; self.columns.len()];
        for line in &self.lines {
            let Line::Cells(cells) = line else { continue };
            for (width, (text, _)) in widths.iter_mut().zip(cells) {
                *width = if text == NONE { *width } else { text.width().max(*width) };
            }
        }
        for (width, (name, _)) in widths.iter_mut().zip(&self.columns) {
            *width = if *width == 0 { 0 } else { (*width).max(name.width()) };
        }
        let gaps = GAP.len() * widths.iter().filter(|w| **w > 0).count().saturating_sub(1);
        let excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(most);
        if let Some(first) = widths.first_mut() {
            *first = (*first).min(first.saturating_sub(excess).max(LEAST));
        }
        widths
    }

    fn row(&self, cells: &[(String, Paint)], widths: &[usize], style: &Style) -> String {
        let mut parts = Vec::new();
        for (((text, paint), width), (_, align)) in cells.iter().zip(widths).zip(&self.columns) {
            if *width == 0 {
                continue;
            }
            let text = cut(text, *width);
            let space = " ".repeat(width.saturating_sub(text.width()));
            let painted = if text.is_empty() { text } else { style.paint(*paint, &text) };
            parts.push(if *align == Align::Left { painted + &space } else { space + &painted });
        }
        parts.join(GAP).trim_end().to_owned()
    }
}

/// `text` wrapped at the style's width, each line indented and ended.
pub(super) fn paragraph(text: &str, style: &Style, indent: usize) -> String {
    let most = style.width.saturating_sub(indent).max(40);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(word),
            Some(last) if last.width() + 1 + word.width() <= most => last.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| format!("{}{line}\n", " ".repeat(indent))).collect()
}

/// `text` cut in the middle to `most` columns.
fn cut(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let (head, tail) = (most - 1 - (most - 1) / 2, (most - 1) / 2);
    let end: String = within(text.chars().rev(), tail).chars().rev().collect();
    format!("{}…{end}", within(text.chars(), head))
}

/// The first characters that fit in `most` columns.
fn within(characters: impl Iterator<Item = char>, most: usize) -> String {
    let mut text = String::new();
    for character in characters {
        text.push(character);
        if text.width() > most {
            text.pop();
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(cells: [&str; 3]) -> Vec<(String, Paint)> {
        cells.map(|text| (text.to_owned(), Paint::Plain)).to_vec()
    }

    #[test]
    fn columns_are_aligned_by_display_width_and_empty_ones_left_out() {
        let mut table = Table::new(&[("name", Align::Left), ("note", Align::Left), ("p95", Align::Right)]);
        table.push(plain(["日本", "", "9 ms"]));
        table.push(plain(["GET /", "", "120 ms"]));
        table.note("why");
        assert_eq!(table.text(&Style::default(), 1), " name      p95\n 日本     9 ms\n GET /  120 ms\n   why\n");
    }

    #[test]
    fn the_first_column_gives_way_in_the_middle() {
        let mut table = Table::new(&[("name", Align::Left), ("a", Align::Left), ("b", Align::Left)]);
        table.push(plain(["GET /a/very/long/path/to/somewhere", "1", "2"]));
        let style = Style { width: 26, ..Style::default() };
        assert!(table.text(&style, 0).contains("GET /a/ver…somewhere  1  2"), "{}", table.text(&style, 0));
    }

    #[test]
    fn paragraphs_wrap_at_words() {
        let style = Style { width: 42, ..Style::default() };
        let text = paragraph("one two three four five six seven eight nine ten", &style, 2);
        assert_eq!(text, "  one two three four five six seven eight\n  nine ten\n");
    }
}
