//! Series of the system under test: memory, CPU and whatever was asked for, from CSV, Prometheus and `OpenMetrics`.
//!
//! A few names mean memory or CPU by themselves; any other is taken when `--resource memory=NAME` says so. Counters
//! become rates, with restarts seen as such. A series is known by its name and labels, and without labels by its file;
//! several series of one name (pods, hosts) are added up while each lasts. What is kept is bounded: of a long series
//! every second, fourth, … point, while maximum, mean and last stay exact.

mod csv;
mod exposition;
mod instance;
mod known;
mod prometheus;
mod sum;
mod time;

pub(super) use csv::FORMAT as CSV;
pub(super) use exposition::FORMAT as EXPOSITION;
pub(super) use prometheus::FORMAT as PROMETHEUS;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail, ensure};

use self::instance::Instance;
use self::known::Reading;
use crate::model::{Series, Warning};

/// Series of one name that are kept apart; more are to be added up by the query.
const MOST_INSTANCES: usize = 256;
/// Names of other series that are remembered for a message.
const MOST_NAMES: usize = 40;

/// The labels of a series, in the order of their names.
type Labels = BTreeMap<String, String>;

/// Collects the points of resource series from any format.
pub struct Resources {
    /// By metric, the name that stands for it.
    wanted: BTreeMap<String, String>,
    /// Names in all files, used or not.
    seen: BTreeSet<String>,
    /// Names that a file declared to be counters.
    counters: BTreeSet<String>,
    /// Values that are no number, by name.
    unusable: BTreeMap<String, u64>,
    instances: Vec<Instance>,
    file: File,
}

/// What is known of the file being read.
#[derive(Default)]
struct File {
    name: String,
    names: BTreeSet<String>,
    recognised: bool,
    untimed: u64,
}

impl Resources {
    /// A collection in which `wanted` says which column or metric name stands for `memory`, `cpu` and so on.
    pub(super) fn new(wanted: &BTreeMap<String, String>) -> Self {
        Self {
            wanted: wanted.clone(),
            seen: BTreeSet::new(),
            counters: BTreeSet::new(),
            unusable: BTreeMap::new(),
            instances: Vec::new(),
            file: File::default(),
        }
    }

    /// Begins a file.
    fn begin(&mut self, name: &str) {
        self.file = File { name: name.to_owned(), ..File::default() };
    }

    /// Ends the file.
    ///
    /// # Errors
    /// A file of which nothing was used: the names in it, and how to say which one is meant.
    fn end(&mut self) -> Result<()> {
        let file = std::mem::take(&mut self.file);
        let names = list(&file.names);
        ensure!(!file.names.is_empty(), "{}: no series in it", file.name);
        ensure!(
            file.recognised,
            "{}: none of its series is known as memory or CPU: {names}; say which is with --resource memory=NAME",
            file.name
        );
        ensure!(
            file.untimed == 0 || self.instances.iter().any(|i| i.file == file.name && !i.is_empty()),
            "{}: its values have no time stamps: write them with times, or export a Prometheus query_range",
            file.name
        );
        Ok(())
    }

    /// Whether a series of that name is used; the name is remembered for messages.
    fn wants(&mut self, name: &str) -> bool {
        let wanted = self.wanted.values().any(|wanted| wanted == name)
            || known::metric(name).is_some_and(|(metric, _)| !self.wanted.contains_key(metric));
        for names in [&mut self.file.names, &mut self.seen] {
            if !names.contains(name) && (wanted || names.len() < MOST_NAMES) {
                names.insert(name.to_owned());
            }
        }
        self.file.recognised |= wanted;
        wanted
    }

    /// Notes that series of that name are counters.
    fn declare_counter(&mut self, name: &str) {
        if self.wanted.values().any(|wanted| wanted == name) {
            self.counters.insert(name.to_owned());
        }
    }

    /// The number of the series with that name and these labels, for [`Resources::add`].
    ///
    /// # Errors
    /// More series of one name than are kept apart.
    fn instance(&mut self, name: &str, labels: &Labels) -> Result<usize> {
        let file = &self.file.name;
        let same = |i: &Instance| i.name == name && i.labels == *labels && (!labels.is_empty() || i.file == *file);
        if let Some(known) = self.instances.iter().position(same) {
            return Ok(known);
        }
        let twins = self.instances.iter().filter(|i| i.name == name).count();
        ensure!(
            twins < MOST_INSTANCES,
            "{file}: more than {MOST_INSTANCES} series of {name}: add them up in the query"
        );
        let counter = known::is_counter(name) || self.counters.contains(name);
        self.instances.push(Instance::new(name, labels, file, counter));
        Ok(self.instances.len() - 1)
    }

    /// Takes a value of a series at a Unix time in seconds.
    ///
    /// # Errors
    /// Times that go back again and again.
    fn add(&mut self, instance: usize, time: f64, value: f64) -> Result<()> {
        let instance = &mut self.instances[instance];
        if !value.is_finite() {
            *self.unusable.entry(instance.name.clone()).or_insert(0) += 1;
            return Ok(());
        }
        match instance.add(time, value) {
            true => Ok(()),
            false => bail!("{}: the times of {} are in no order: sort the file by time", self.file.name, instance.name),
        }
    }

    /// Counts a value that has no time.
    fn add_untimed(&mut self) {
        self.file.untimed += 1;
    }

    /// The series that were asked for or are known, by metric.
    ///
    /// # Errors
    /// A name that was asked for and is in none of the files that were given.
    pub(super) fn finish(&mut self, warnings: &mut Vec<Warning>) -> Result<Vec<Series>> {
        for (metric, name) in &self.wanted {
            ensure!(
                self.seen.is_empty() || self.seen.contains(name),
                "--resource {metric}={name}: no series has that name; there are: {}",
                list(&self.seen)
            );
        }
        for (name, count) in std::mem::take(&mut self.unusable) {
            warnings.push(Warning(format!("{count} values of {name} are NaN or infinite and were left out")));
        }
        let instances = std::mem::take(&mut self.instances);
        let chosen = self.choose(&instances, warnings);
        let series = |(metric, name): (&String, &String)| {
            let same: Vec<&Instance> = instances.iter().filter(|i| i.name == *name).collect();
            let counter = same.iter().any(|i| i.counter);
            sum::series(metric, &same, Reading::of(metric, name, counter), warnings)
        };
        Ok(chosen.iter().filter_map(series).collect())
    }

    /// Which name stands for which metric: the one asked for, else the first of those that are known.
    fn choose(&self, instances: &[Instance], warnings: &mut Vec<Warning>) -> BTreeMap<String, String> {
        let mut chosen = self.wanted.clone();
        let mut candidates: BTreeMap<&str, BTreeSet<(usize, &str)>> = BTreeMap::new();
        for instance in instances {
            if let Some((metric, rank)) = known::metric(&instance.name) {
                candidates.entry(metric).or_default().insert((rank, &instance.name));
            }
        }
        for (metric, names) in candidates {
            let Some((_, first)) = names.first().filter(|_| !self.wanted.contains_key(metric)) else { continue };
            if names.len() > 1 {
                let others: Vec<&str> = names.iter().skip(1).map(|(_, name)| *name).collect();
                let others = others.join(", ");
                let message = format!("{metric} is {first}; {others} was left out (--resource {metric}=NAME chooses)");
                warnings.push(Warning(message));
            }
            chosen.insert(metric.to_owned(), (*first).to_owned());
        }
        chosen.retain(|_, name| instances.iter().any(|instance| instance.name == *name));
        chosen
    }
}

fn list(names: &BTreeSet<String>) -> String {
    let shown: Vec<&str> = names.iter().map(String::as_str).take(MOST_NAMES).collect();
    if shown.is_empty() { "nothing".to_owned() } else { shown.join(", ") }
}

#[cfg(test)]
mod tests;
