//! Leaving detail out where a document may not be longer: unchanged rows first, then reasons, then the tails of lists.

use super::View;

/// How much of a view is kept.
#[derive(Clone, Copy, Debug)]
pub struct Detail {
    /// Whether unchanged rows are listed.
    pub unchanged: bool,
    /// Whether reasons are given.
    pub reasons: bool,
    /// Most entries of each list.
    pub entries: usize,
    /// Most scenarios.
    pub scenarios: usize,
}

impl Detail {
    /// From everything to the answer alone.
    pub const STEPS: [Self; 8] = [
        Self { unchanged: true, reasons: true, entries: usize::MAX, scenarios: usize::MAX },
        Self { unchanged: false, reasons: true, entries: usize::MAX, scenarios: usize::MAX },
        Self { unchanged: false, reasons: false, entries: usize::MAX, scenarios: usize::MAX },
        Self { unchanged: false, reasons: false, entries: 100, scenarios: usize::MAX },
        Self { unchanged: false, reasons: false, entries: 25, scenarios: 50 },
        Self { unchanged: false, reasons: false, entries: 10, scenarios: 10 },
        Self { unchanged: false, reasons: false, entries: 3, scenarios: 3 },
        Self { unchanged: false, reasons: false, entries: 0, scenarios: 0 },
    ];
}

impl View {
    /// The view with that much detail, and a sentence about what was left out.
    pub fn limited(&self, detail: Detail) -> Self {
        let mut view = self.clone();
        let mut left = Left { scenarios: cut(&mut view.sections, detail.scenarios), ..Left::default() };
        for section in &mut view.sections {
            if !detail.unchanged {
                left.unchanged += cut(&mut section.rest, 0);
            }
            left.rows += cut(&mut section.rows, detail.entries);
            if !detail.reasons {
                section
                    .rows
                    .iter_mut()
                    .for_each(|row| left.reasons += usize::from(!std::mem::take(&mut row.why).is_empty()));
            }
            left.entries += cut(&mut section.promises, detail.entries) + cut(&mut section.findings, detail.entries);
            left.entries += cut(&mut section.warnings, detail.entries) + cut(&mut section.notes, detail.entries);
        }
        view.left_out = left.told();
        view
    }
}

/// How much was left out, by kind.
#[derive(Default)]
struct Left {
    scenarios: usize,
    rows: usize,
    unchanged: usize,
    reasons: usize,
    entries: usize,
}

impl Left {
    fn told(&self) -> Option<String> {
        let kinds = [
            (self.scenarios, "scenarios"),
            (self.rows, "rows that stand out"),
            (self.unchanged, "unchanged rows"),
            (self.reasons, "reasons"),
            (self.entries, "targets, findings and notes"),
        ];
        let parts: Vec<_> = kinds.iter().filter(|(n, _)| *n > 0).map(|(n, kind)| format!("{n} {kind}")).collect();
        let list = parts.join(", ");
        (!list.is_empty())
            .then(|| format!("Left out because this text may not be longer: {list}. The JSON report has everything."))
    }
}

/// Cuts a list and returns how many entries are gone.
fn cut<T>(list: &mut Vec<T>, most: usize) -> usize {
    let gone = list.len().saturating_sub(most);
    list.truncate(most);
    gone
}
