//! Outside text (endpoint names, scenarios, branches, file names, warnings) made harmless where it is put.
//!
//! [`line()`] is for everything: one line without characters that move a cursor, reorder text or are illegal in XML. On top
//! of it, [`prose`] and [`code`] are for Markdown, [`cell`] is for spreadsheets, [`word`] for a shell. The two for
//! Markdown rest on what GitHub does: entities end every construct of Markdown itself, but mentions and references are
//! looked for in the rendered text, outside `<code>`, so there they are broken by a zero-width space.

/// What stands for a character that is not shown.
const HIDDEN: char = '\u{fffd}';

/// `text` on one line, without control characters, overrides of the writing direction and non-characters; in the middle
/// shortened to `most` characters.
pub fn line(text: &str, most: usize) -> String {
    // `##[` anywhere in a line is the older form of a workflow command.
    let tame = text.trim().chars().map(shown).collect::<String>().replace("##[", "##\u{200b}[");
    let length = tame.chars().count();
    if length <= most {
        return tame;
    }
    let tail = (most - 1) / 3;
    let head = most - 1 - tail;
    tame.chars().take(head).chain(['…']).chain(tame.chars().skip(length - tail)).collect()
}

/// `text` for running Markdown and table cells: shows as it is, formats nothing, notifies nobody.
pub fn prose(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    let mut word = String::new();
    for (before, character, next) in triples(text) {
        let opens = match character {
            '-' | '+' | '=' => escaped.is_empty() && !is_word(next),
            '.' | ')' => next == ' ' && escaped.bytes().all(|b| b.is_ascii_digit()),
            _ => false,
        };
        if opens {
            push_entity(&mut escaped, character)
        } else {
            push_escaped(&mut escaped, before, character, next)
        }
        let refers = match character {
            '@' => is_word(next),
            '#' => next.is_ascii_digit(),
            '-' => word.eq_ignore_ascii_case("gh") && next.is_ascii_digit(),
            _ => false,
        };
        if refers {
            escaped.push('\u{200b}');
        }
        if is_word(character) { word.push(character) } else { word.clear() }
    }
    escaped
}

/// `text` for Markdown as code: as [`prose`], and what is copied from it is exactly the text.
pub(super) fn code(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 24);
    escaped.push_str("<code>");
    triples(text).for_each(|(before, character, next)| push_escaped(&mut escaped, before, character, next));
    escaped.push_str("</code>");
    escaped
}

/// `text` for a spreadsheet: what would be a formula gets a leading apostrophe, and so does a workflow command.
///
/// OWASP, "CSV Injection": cells that start with `=`, `+`, `-`, `@`, a tab or a carriage return are run as formulas.
pub(super) fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) || text.starts_with("::");
    format!("{}{}", if formula { "'" } else { "" }, text.chars().map(shown).collect::<String>())
}

/// `text` as one word of a POSIX shell.
pub fn word(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_-./:,+@%=".contains(c);
    if !text.is_empty() && text.chars().all(safe) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Text for a terminal that may be the log of a workflow: nothing in it is a workflow command.
///
/// A line that starts with `::` after white space is a command
/// (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>), and so is the older `##[` anywhere
/// in a line (<https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs>); a zero-width space ends
/// that. The runner's lines also end at a carriage return.
pub fn log(text: &str) -> String {
    let tame = |line: &str| match line.trim_start() {
        command if command.starts_with("::") => {
            format!("{}\u{200b}{command}", &line[..line.len() - command.len()])
        }
        _ => line.to_owned(),
    };
    text.split_inclusive(['\n', '\r']).map(tame).collect::<String>().replace("##[", "##\u{200b}[")
}

/// What is shown of a character: spaces for white space, a replacement for what cannot be seen.
fn shown(character: char) -> char {
    match character {
        '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => HIDDEN,
        '\u{fffe}' | '\u{ffff}' | '\u{feff}' => HIDDEN,
        c if c.is_control() => HIDDEN,
        c => c,
    }
}

/// The characters that are shown, each between its neighbours; a space before the first and after the last.
fn triples(text: &str) -> impl Iterator<Item = (char, char, char)> {
    let characters = text.chars().map(shown);
    let before = [' '].into_iter().chain(characters.clone());
    before.zip(characters.clone()).zip(characters.skip(1).chain([' '])).map(|((a, b), c)| (a, b, c))
}

/// Appends a character so that Markdown and HTML take it as text. Entities, not backslashes: they also hold inside an
/// HTML block such as `<summary>`, where Markdown is not read.
fn push_escaped(escaped: &mut String, before: char, character: char, next: char) {
    match character {
        '&' => escaped.push_str("&amp;"),
        '<' => escaped.push_str("&lt;"),
        '>' => escaped.push_str("&gt;"),
        '|' | '`' | '@' | '#' | '~' | '$' | '\\' | '*' | '[' | ']' => push_entity(escaped, character),
        '_' if !(is_word(before) && is_word(next)) => push_entity(escaped, character),
        ':' if next == '/' => push_entity(escaped, character),
        c => escaped.push(c),
    }
}

fn push_entity(escaped: &mut String, character: char) {
    escaped.push_str(&format!("&#{};", u32::from(character)));
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Texts with more of what could do harm than chance would give.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("<!--"),
            Just("-->"),
            Just("@octo"),
            Just("#12"),
            Just("GH-7"),
            Just("|"),
            Just("\\|"),
            Just("`"),
            Just("\n"),
            Just("\r\n\r\n"),
            Just("</td>"),
            Just("<details>"),
            Just("```"),
            Just("\u{1b}[31m"),
            Just("&#64;"),
            Just("a"),
            Just("\u{2028}"),
            Just("[x](javascript:1)"),
            Just("https://x.y/z"),
            Just(" "),
        ];
        let pieces = prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
        prop_oneof![pieces, "\\PC{0,20}", ".{0,20}"]
    }

    /// What no escaped text may contain.
    fn harmless(escaped: &str) -> bool {
        let mut pairs = escaped.chars().zip(escaped.chars().skip(1));
        let mention = pairs.any(|(a, b)| a == '@' && is_word(b));
        let forbidden = ["<!--", "-->", "`", "|", "://", "<details", "<td"];
        !mention && !escaped.chars().any(char::is_control) && !forbidden.iter().any(|bad| escaped.contains(bad))
    }

    /// Entities undone, as a renderer does.
    fn rendered(escaped: &str) -> String {
        let mut text = escaped.replace("&lt;", "<").replace("&gt;", ">");
        for code in 33_u8..127 {
            let character = char::from(code);
            text = text.replace(&format!("&#{code};"), &character.to_string());
        }
        text.replace("&amp;", "&")
    }

    proptest! {
        #[test]
        fn nothing_escaped_can_do_harm(text in hostile()) {
            prop_assert!(harmless(&prose(&text)), "{}", prose(&text));
            let code = code(&text);
            prop_assert!(harmless(code.trim_start_matches("<code>").trim_end_matches("</code>")), "{code}");
        }

        #[test]
        fn rendered_prose_refers_to_nothing(text in hostile()) {
            let rendered = rendered(&prose(&text));
            let pairs: Vec<_> = rendered.chars().zip(rendered.chars().skip(1)).collect();
            prop_assert!(!pairs.iter().any(|(a, b)| *a == '@' && is_word(*b)), "{rendered}");
            prop_assert!(!pairs.iter().any(|(a, b)| *a == '#' && b.is_ascii_digit()), "{rendered}");
        }

        #[test]
        fn lines_are_single_and_short(text in ".{0,300}", most in 5..100_usize) {
            let line = line(&text, most);
            prop_assert!(line.chars().count() <= most);
            let wild = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
            prop_assert!(!line.chars().any(wild), "{line:?}");
        }
    }

    #[test]
    fn code_shows_exactly_the_text() {
        assert_eq!(code("GET /a|b?x=*&y=@me"), "<code>GET /a&#124;b?x=&#42;&amp;y=&#64;me</code>");
        assert_eq!(prose("- list"), "&#45; list");
        assert_eq!(prose("1. list"), "1&#46; list");
        assert_eq!(prose("+31.8 % at 10:00"), "+31.8 % at 10:00");
    }

    #[test]
    fn formulas_and_shell_words_are_quoted() {
        assert_eq!(cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(cell("GET /"), "GET /");
        assert_eq!(word("load.jtl"), "load.jtl");
        assert_eq!(log("a\n  ::error::b\n"), "a\n  \u{200b}::error::b\n");
        assert_eq!(log("a\r::error::b ##[error]c"), "a\r\u{200b}::error::b ##\u{200b}[error]c");
        assert_eq!(word("my load.jtl"), "'my load.jtl'");
        assert_eq!(word("$(id)'"), r"'$(id)'\'''");
        assert_eq!(word("--scenario"), "--scenario");
    }
}
