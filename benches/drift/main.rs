//! How well change points and drifts are found in histories whose shifts are known.
//!
//! ```sh
//! cargo bench --bench drift -- --seed 1 [--each 40] [--export histories.json]
//! python3 benches/drift/peers.py histories.json
//! ```
//!
//! The second line scores Apache Otava and ruptures on the same histories by the same rules.
#![expect(clippy::print_stdout, reason = "a bench prints its table")]
#![expect(clippy::disallowed_methods, reason = "a bench measures time and writes what it is asked for")]

mod histories;
mod score;

use std::process::ExitCode;
use std::time::Instant;

use perf_gate::stats;

use histories::{Chance, History, NOISES};

fn main() -> ExitCode {
    match arguments() {
        Ok(arguments) => run(&arguments),
        Err(message) => {
            println!("{message}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

struct Arguments {
    seed: u64,
    each: usize,
    export: Option<String>,
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments = Arguments { seed: 1, each: 40, export: None };
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{word} {value}: not a whole number"));
        match word.as_str() {
            "--seed" => arguments.seed = number()?,
            "--each" => arguments.each = number()? as usize,
            "--export" => arguments.export = Some(value),
            _ => return Err(format!("{word}: known are --seed, --each and --export")),
        }
    }
    Ok(arguments)
}

fn run(arguments: &Arguments) {
    let histories = histories::all(arguments.seed, arguments.each);
    if let Some(path) = &arguments.export {
        let text = serde_json::to_string(&histories).expect("histories are numbers and names");
        std::fs::write(path, text).unwrap_or_else(|error| println!("{path}: {error}"));
    }
    println!("seed {}, {} histories of each case and noise\n", arguments.seed, arguments.each);
    let find = |values: &[f64]| stats::segments(values).change_points.iter().map(|point| point.at).collect();
    let score = score::change_points(&histories, find);
    println!("false change points in 1,000 stationary runs: {:.2}", score.false_points);
    println!("the same, looked at after every run: {:.2}", score.false_points_grown);
    let delay = score.delay.1.map_or("-".to_owned(), |runs| runs.to_string());
    println!("steps of 20 % reported within 20 runs: {:.0} %, the middling one after {delay}\n", 100.0 * score.delay.0);
    println!("{:28}{:>10}{:>10}{:>10}", "change points", "precision", "recall", "F1");
    for (case, hits) in &score.hits {
        println!("{case:28}{:>10.3}{:>10.3}{:>10.3}", hits.precision(), hits.recall(), hits.f1());
    }
    let drifts = |values: &[f64]| stats::drift(values).is_some_and(|drift| drift.found);
    drift_table("drift, by ranks alone", &histories, drifts);
    drift_table("drift that is no step", &histories, |values| drifts(values) && !stats::is_step(values));
    year();
}

fn drift_table(title: &str, histories: &[History], tells: impl Fn(&[f64]) -> bool) {
    println!("\n{title:28}{:>10}{:>14}{:>14}", "found", "middle delay", "false alarms");
    for (case, score) in score::drifts(histories, tells) {
        let delay = score.delay.map_or("-".to_owned(), |runs| runs.to_string());
        println!("{case:28}{:>10.2}{delay:>14}{:>14.3}", score.found, score.false_alarms);
    }
}

/// A year of 50 runs a day: twelve endpoints and six series of the run.
fn year() {
    let mut chance = Chance(7);
    let series: Vec<_> =
        (0..18).map(|i| histories::made(String::new(), &NOISES[i % 6], &[(9_000, 0.2)], 18_250, &mut chance)).collect();
    let start = Instant::now();
    let points: usize = series.iter().map(|history| stats::segments(&history.values).change_points.len()).sum();
    println!("\n18 series of 18,250 runs: {points} change points in {:.3} s", start.elapsed().as_secs_f64());
}
