//! The paths of runs and days, understood: what lies at one, and which days lie below a folder.

use std::ops::RangeInclusive;

use jiff::civil::Date;

/// A path, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The scenario as it stands in the path.
    pub scenario: String,
    /// The fingerprint as it stands in the path.
    pub fingerprint: String,
    /// The day, UTC.
    pub date: Date,
    /// The run's id as it stands in the path; `None` for a day file.
    pub run: Option<String>,
}

impl Place {
    /// What lies at `path`, if it is the path of a run or of a day.
    pub fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.strip_suffix(".json")?.split('/').collect();
        let (scenario, fingerprint, date, run) = match parts[..] {
            ["days", scenario, fingerprint, date] => (scenario, fingerprint, date.to_owned(), None),
            ["runs", scenario, fingerprint, year, month, day, file] => {
                let id = file.splitn(3, '-').nth(2)?.to_owned();
                (scenario, fingerprint, format!("{year}-{month}-{day}"), Some(id))
            }
            _ => return None,
        };
        let date = date.parse().ok()?;
        Some(Self { scenario: scenario.to_owned(), fingerprint: fingerprint.to_owned(), date, run })
    }
}

/// The days whose runs lie in `folder` and below, if it is the folder of a year, a month or a day of runs.
pub(super) fn days_below(folder: &str) -> Option<RangeInclusive<Date>> {
    let parts: Vec<&str> = folder.strip_suffix('/')?.split('/').collect();
    let ["runs", _, _, ref date @ ..] = parts[..] else { return None };
    let first = |date: String| date.parse::<Date>().ok();
    match *date {
        [year] => first(format!("{year}-01-01")).map(|day| day..=day.last_of_year()),
        [year, month] => first(format!("{year}-{month}-01")).map(|day| day..=day.last_of_month()),
        [year, month, day] => first(format!("{year}-{month}-{day}")).map(|day| day..=day),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_files_are_no_places() {
        for path in
            ["README.md", "runs/s/f/2026/13/01/1-2-3.json", "runs/s/f/2026/01/01/x.json", "days/s/f/x.json", "days/s"]
        {
            assert_eq!(Place::of(path), None, "{path}");
        }
    }

    #[test]
    fn a_folder_tells_which_days_lie_below() {
        let days = |folder: &str| days_below(folder).map(|days| format!("{}..{}", days.start(), days.end()));
        assert_eq!(days("runs/s/f/2028/").as_deref(), Some("2028-01-01..2028-12-31"));
        assert_eq!(days("runs/s/f/2028/02/").as_deref(), Some("2028-02-01..2028-02-29"));
        assert_eq!(days("runs/s/f/2028/02/29/").as_deref(), Some("2028-02-29..2028-02-29"));
        let others =
            ["runs/s/f/", "runs/s/f/notes/", "runs/s/f/2026/13/", "runs/s/f/2026/02/30/", "runs/s/f/2026/01/01/x/"];
        for folder in others.into_iter().chain(["days/s/f/2026/", "runs/s/f/2026"]) {
            assert_eq!(days_below(folder), None, "{folder}");
        }
    }
}
