//! The stages joined: one short function per command, in the order of the drawing in the crate's documentation.

mod accept;
mod action;
mod calibrate;
mod explain;
mod history;
mod init;
mod judge;
mod manual;
mod overview;
mod past;
mod read;
mod sides;
mod told;
mod whose;

use anyhow::{Context, Result, bail};

use crate::cli::{self, Command};
use crate::config::FailOn;
use crate::files;
use crate::model::{self, Decision};
use crate::render::{self, Output, Report, Style};
use crate::store::Store;
use crate::verdict::Outcome;

use judge::Answer;

/// Exit status: passed, or nothing that `fail-on` names.
pub const PASSED: u8 = 0;
/// Exit status: a regression, or a target missed by far.
pub const FAILED: u8 = 1;
/// Exit status: invalid input, configuration or outcome.
pub const INVALID: u8 = 2;
/// Exit status: the judgement stands, but something could not be recorded or published.
pub const NOT_RECORDED: u8 = 3;

/// Runs a command and returns the exit status.
///
/// # Errors
/// Invalid flags, configuration or input, with the exit status [`INVALID`].
pub fn run(command: Command) -> Result<u8> {
    match command {
        Command::Check(flags) => check(&flags),
        Command::Record(flags) => history::record(&flags),
        Command::Accept(flags) => accept::accept(&flags),
        Command::History(flags) => overview::show(&flags),
        Command::Compare(flags) => compare(&flags),
        Command::Inspect(flags) => inspect(&flags),
        Command::Convert(flags) => convert(&flags),
        Command::Report(flags) => report(&flags),
        Command::Calibrate(flags) => calibrate::calibrate(&flags),
        Command::Compact(flags) => history::compact(&flags),
        Command::Prune(flags) => history::prune(&flags),
        Command::Init(flags) => init::write(&flags),
        Command::Schema(flags) => schema(&flags),
        Command::Completions(flags) => completions(&flags),
        Command::Man => manual::print(),
        Command::Action => action::act(),
    }
}

/// Reads, compares with the history, judges, reports.
fn check(flags: &cli::Check) -> Result<u8> {
    let (document, format) = read::formats(&flags.output.format)?;
    let explain = explain::wanted(&flags.explain, document)?;
    let settings = read::Settings::new(&flags.input.reading, format, flags.output.quiet)?;
    let flags = &whose::check(flags)?;
    let store = history::open(&flags.history, &settings.config)?;
    let judged = judge::against_history(flags, store.as_ref(), &settings)?;
    let report = conclude(judged, Some(store.as_ref()), explain.as_ref(), document, flags.output.output.as_deref())?;
    Ok(status(&report, flags.fail_on.unwrap_or(settings.config.fail_on)))
}

/// Compares runs with each other.
fn compare(flags: &cli::Compare) -> Result<u8> {
    let (document, format) = read::formats(&flags.output.format)?;
    let explain = explain::wanted(&flags.explain, document)?;
    let settings = read::Settings::new(&flags.reading, format, flags.output.quiet)?;
    let answers = sides::against_base(flags, &settings)?;
    let disappoints = answers.iter().filter_map(|answer| answer.scenario.expectation.as_ref()).any(|e| !e.met);
    let report = conclude(answers, None, explain.as_ref(), document, flags.output.output.as_deref())?;
    Ok(match status(&report, flags.fail_on.unwrap_or(settings.config.fail_on)) {
        PASSED if disappoints => FAILED,
        status => status,
    })
}

/// Writes the report of what was judged, or how one verdict came about; the report is the same.
fn conclude(
    judged: Vec<Answer>,
    store: Option<&dyn Store>,
    explain: Option<&(String, String)>,
    document: &Output,
    path: Option<&str>,
) -> Result<Report> {
    if let Some(subject) = explain {
        explain::publish(subject, &judged, document, path)?;
    }
    let mut report = Report::new(judged.into_iter().map(|judged| judged.scenario).collect());
    report.approval = store.and_then(|store| judge::decision(&report, None, store));
    if explain.is_none() {
        publish(&report, document, path)?;
    }
    Ok(report)
}

/// Shows what is in result files.
fn inspect(flags: &cli::Inspect) -> Result<u8> {
    let (document, format) = read::formats(&flags.output.format)?;
    let settings = read::Settings::new(&flags.input.reading, format, flags.output.quiet)?;
    let mut runs = Vec::new();
    for wanted in read::wanted(&flags.input, &settings.config)? {
        for paths in &wanted.runs {
            runs.push(read::run(&wanted, paths, &settings)?);
        }
    }
    let text = match document.name {
        "json" => render::inspect::json(&runs),
        "text" => render::inspect::text(&runs, &style(flags.output.output.as_deref())),
        other => bail!("inspect writes text and json, not {other}"),
    };
    files::write(flags.output.output.as_deref(), &text)?;
    Ok(if runs.iter().any(|run| run.invalid.is_some()) { INVALID } else { PASSED })
}

/// Writes result files in the native format.
fn convert(flags: &cli::Convert) -> Result<u8> {
    let settings = read::Settings::new(&flags.input.reading, flags.format.clone(), flags.quiet)?;
    let wanted = read::wanted(&flags.input, &settings.config)?;
    let [wanted] = wanted.as_slice() else { bail!("convert writes one run: name the files of one scenario") };
    let [paths] = wanted.runs.as_slice() else { bail!("convert writes one run: give its files without --run") };
    let mut run = read::run(wanted, paths, &settings)?;
    read::identify(&mut run, &flags.identity);
    files::write(flags.output.as_deref(), &model::write(&run))?;
    Ok(PASSED)
}

/// Renders a saved report.
fn report(flags: &cli::Report) -> Result<u8> {
    let document = read::document(&flags.format)?;
    let text = files::read_text(&flags.report)?.with_context(|| format!("{}: no such file", flags.report))?;
    let report = Report::parse(&text).with_context(|| flags.report.clone())?;
    publish(&report, document, flags.output.as_deref())?;
    Ok(PASSED)
}

/// Prints a schema, as it is published: a test keeps it equal to the types.
fn schema(flags: &cli::Schema) -> Result<u8> {
    let schema = match flags.of {
        cli::SchemaOf::Config => include_str!("../../schema/config.schema.json"),
        cli::SchemaOf::Run => include_str!("../../schema/run.schema.json"),
        cli::SchemaOf::Report => include_str!("../../schema/report.schema.json"),
        cli::SchemaOf::History => include_str!("../../schema/history.schema.json"),
        cli::SchemaOf::Explanation => include_str!("../../schema/explanation.schema.json"),
        cli::SchemaOf::Calibration => include_str!("../../schema/calibration.schema.json"),
    };
    files::write(None, schema)?;
    Ok(PASSED)
}

/// Prints shell completions.
fn completions(flags: &cli::Completions) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut cli::command(), "perf-gate", &mut script);
    files::write(None, &String::from_utf8(script)?)?;
    Ok(PASSED)
}

/// Writes a report as a document.
fn publish(report: &Report, document: &Output, path: Option<&str>) -> Result<()> {
    files::write(path, &(document.render)(report, &style(path))?)
}

fn style(path: Option<&str>) -> Style {
    Style { colour: path.is_none() && files::wants_colour(), ..Style::default() }
}

/// The exit status of a report: of its outcome, and of what people decided on the commit.
fn status(report: &Report, fail_on: FailOn) -> u8 {
    let decision = report.approval.as_ref().map(|approval| approval.decision);
    match (report.outcome, fail_on) {
        (Outcome::Invalid, _) => INVALID,
        (_, FailOn::Never) => PASSED,
        _ if decision == Some(Decision::Rejected) => FAILED,
        (Outcome::Failed, _) if decision == Some(Decision::Approved) => PASSED,
        (Outcome::Failed, _) | (Outcome::Inconclusive, FailOn::Inconclusive) => FAILED,
        _ => PASSED,
    }
}
