//! What a terminal takes: colours and a width.

/// How text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to use ANSI colours.
    pub colour: bool,
    /// Columns to stay within where that can be done without losing figures.
    pub width: usize,
    /// Whether to list what is fine, too.
    pub verbose: bool,
}

impl Default for Style {
    /// What suits a log file.
    fn default() -> Self {
        Self { colour: false, width: 120, verbose: false }
    }
}

impl Style {
    /// `text` in that colour, where colours are used.
    pub(super) fn paint(&self, paint: Paint, text: &str) -> String {
        match paint.code() {
            Some(code) if self.colour => format!("\x1b[{code}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

/// What a piece of text stands out by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Paint {
    /// Nothing.
    #[default]
    Plain,
    /// What frames the figures.
    Dim,
    /// Regressed, failed.
    Red,
    /// Warned, inconclusive.
    Yellow,
    /// Improved, passed.
    Green,
}

impl Paint {
    /// The ANSI code ("select graphic rendition") of the colour.
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Dim => Some("2"),
            Self::Red => Some("1;31"),
            Self::Yellow => Some("33"),
            Self::Green => Some("32"),
        }
    }
}
