//! `init`: a commented configuration to start from.

use anyhow::{Result, ensure};

use super::PASSED;
use crate::{cli, config, files};

/// The configuration as it is written; `{scenario}` is replaced.
const TEMPLATE: &str = include_str!("init.yml");

/// Writes `perf-gate.yml`.
///
/// # Errors
/// One that is there already, unless forced; a folder that cannot be written.
pub(super) fn write(flags: &cli::Init) -> Result<u8> {
    if flags.dry_run {
        files::write(None, &filled(&flags.scenario)?)?;
        return Ok(PASSED);
    }
    let there = files::exists(config::FILE);
    ensure!(flags.force || !there, "{} is there already; --force overwrites it", config::FILE);
    files::write(Some(config::FILE), &filled(&flags.scenario)?)?;
    files::say(&format!("wrote {}: set 'results' in it, then run perf-gate check", config::FILE));
    Ok(PASSED)
}

/// The template for a scenario; a name that YAML would read otherwise is quoted.
fn filled(scenario: &str) -> Result<String> {
    let plain = scenario.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    ensure!(plain && !scenario.is_empty(), "--scenario {scenario}: use letters, digits, - and _");
    Ok(TEMPLATE.replace("{scenario}", scenario))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_is_written_is_the_default_configuration() {
        let mut config = Config::parse("init.yml", &filled("search").unwrap()).unwrap();
        let scenario = config.scenarios.remove("search").unwrap();
        assert_eq!(scenario.results, ["results/*.json.gz"]);
        assert_eq!(config, Config::default());
    }

    #[test]
    fn what_is_commented_out_is_valid_too() {
        let example =
            |line: &str| line.strip_prefix("# ").filter(|l| !l.starts_with(char::is_uppercase)).map(str::to_owned);
        let text: Vec<String> = TEMPLATE.lines().filter_map(example).collect();
        let config = Config::parse("init.yml", &text.join("\n")).unwrap();
        assert_eq!((config.thresholds.len(), config.critical.len(), config.targets.len()), (5, 4, 3));
    }

    #[test]
    fn hostile_names_do_not_become_yaml() {
        assert!(filled("a: [b").is_err() && filled("").is_err());
    }
}
