//! How time and memory grow: with the file, the endpoints, and the runs of the history.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

use crate::command::{Command, median};
use crate::inputs::{FOLDER, Input, Kind, RATE};
use crate::peers::Inspected;
use crate::table::{Table, grouped, megabytes, seconds, speed};
use crate::{Bench, size};

/// Runs of a command; one with more megabytes runs once.
const RUNS: usize = 3;
const ONCE_FROM: u64 = 3_000;
/// Endpoints of a file, and which part of `--size` it has.
const ENDPOINTS: [usize; 6] = [1, 10, 100, 1_000, 10_000, 100_000];
const OF_SIZE: u64 = 5;
/// Runs of the baseline, in ascending order.
const BASELINES: [usize; 7] = [1, 5, 20, 50, 100, 200, 500];
/// Minutes from one run to the next: all are within the week of the baseline.
const MINUTES: i64 = 15;

/// Prints all tables.
pub(crate) fn tables(bench: &Bench) -> Result<()> {
    println!(
        "JMeter CSV; memory against the size of the file, at the same rate and over the same time:\n\n{}",
        sizes(bench)?
    );
    let megabytes = bench.megabytes / OF_SIZE;
    println!("JMeter CSV of {megabytes} MB; against the number of endpoints:\n\n{}", endpoints(bench, megabytes)?);
    println!(
        "`perf-gate check` of a run of k6; against the runs of the baseline, 50 by default:\n\n{}",
        baselines(bench)?
    );
    Ok(())
}

fn sizes(bench: &Bench) -> Result<Table> {
    let mut table = Table::new(&["file", "time of the run", "wall", "MB/s", "peak memory"]);
    let all = bench.megabytes;
    for (megabytes, rate) in [(all / 100, RATE), (all / 10, RATE), (all, RATE), (4 * all, 4 * RATE), (10 * all, RATE)] {
        let input = Input { rate, ..Input::new(Kind::Jtl, megabytes, bench.seed) };
        let (file, [wall, speed, peak], duration) = inspected(bench, &input)?;
        table.add([
            format!("{} MB", grouped(megabytes as f64)),
            format!("{:.1} min", duration / 60.0),
            wall,
            speed,
            peak,
        ]);
        if megabytes > all {
            fs::remove_file(file)?;
        }
    }
    Ok(table)
}

fn endpoints(bench: &Bench, megabytes: u64) -> Result<Table> {
    let mut table = Table::new(&["endpoints", "wall", "MB/s", "peak memory"]);
    for count in ENDPOINTS {
        let input = Input { endpoints: Some(count), ..Input::new(Kind::Jtl, megabytes, bench.seed) };
        let (_, [wall, speed, peak], _) = inspected(bench, &input)?;
        table.add([grouped(count as f64), wall, speed, peak]);
    }
    Ok(table)
}

/// The file, wall, MB/s and peak memory of its inspection, and the seconds of the run in it.
fn inspected(bench: &Bench, input: &Input) -> Result<(PathBuf, [String; 3], f64)> {
    let file = input.made()?;
    eprintln!("{} …", file.display());
    let duration = Inspected::of(bench, &file)?.duration();
    let command = bench.inspect(&file, &[]);
    let runs = if input.megabytes > ONCE_FROM { 1 } else { RUNS };
    let wall = wall(&command, runs)?;
    let figures = [seconds(wall), speed(size(&file)?, wall), megabytes(command.peak()?)];
    Ok((file, figures, duration))
}

/// A history that grows by runs that differ by chance, and a check now and then.
fn baselines(bench: &Bench) -> Result<Table> {
    let mut table = Table::new(&["runs", "history", "record", "check", "peak memory of check"]);
    let folder = Path::new(FOLDER).join("store");
    let store = format!("dir:{}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let most = BASELINES[BASELINES.len() - 1];
    eprintln!("{most} runs …");
    let config = format!("{FOLDER}/perf-gate.yml");
    fs::write(&config, format!("baseline: {{max-runs: {most}}}\n"))?;
    let mut at: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    for runs in 1..=most {
        let run = Input::new(Kind::K6Durations, 1, bench.seed + runs as u64);
        let file = run.made()?;
        at += SignedDuration::from_mins(MINUTES);
        let command = |name, more: &[&str]| {
            let (at, file) = (at.to_string(), file.to_string_lossy());
            let words = [bench.binary.as_str(), name, &file, "--scenario", "shop", "--at", &at];
            Command::new(&[&words, ["--store", &store, "--config", &config].as_slice(), more].concat())
        };
        let recorded = command("record", &["--quiet"]).timed()?.wall;
        if BASELINES.contains(&runs) {
            let check = command("check", &["--fail-on", "never", "--run-id", "candidate"]);
            let check_wall = wall(&check, RUNS)?;
            let history = megabytes(size_of_all(&folder)?);
            table.add([runs.to_string(), history, seconds(recorded), seconds(check_wall), megabytes(check.peak()?)]);
        }
        fs::remove_file(&file)?;
    }
    Ok(table)
}

/// The median wall time of some runs.
fn wall(command: &Command, runs: usize) -> Result<f64> {
    let costs = (0..runs).map(|_| command.timed()).collect::<Result<Vec<_>>>()?;
    Ok(median(costs.iter().map(|cost| cost.wall)))
}

fn size_of_all(folder: &Path) -> Result<u64> {
    fs::read_dir(folder)?.try_fold(0, |sum, entry| {
        let path = entry?.path();
        Ok(sum + if path.is_dir() { size_of_all(&path)? } else { size(&path)? })
    })
}
