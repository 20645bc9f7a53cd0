//! `man`: one page for the program and all its commands, in troff.

use anyhow::Result;
use clap_mangen::Man;

use super::PASSED;
use crate::{cli, files};

/// Prints the manual page.
pub(super) fn print() -> Result<u8> {
    let mut program = cli::command();
    program.build();
    let whole = Man::new(program.clone());
    let mut page = Vec::new();
    whole.render_title(&mut page)?;
    whole.render_name_section(&mut page)?;
    whole.render_synopsis_section(&mut page)?;
    let mut page = String::from_utf8(page)?;
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        let mut options = Vec::new();
        Man::new(command.clone()).render_options_section(&mut options)?;
        // A section where a command has a page of its own, here a part of the command's.
        let options = String::from_utf8(options)?.replace(".SH OPTIONS\n", "");
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        page += &format!(".SH \"PERF-GATE {}\"\n{}\n{options}", command.get_name().to_uppercase(), escaped(&about));
    }
    files::write(None, &(page + &exit_status(&program.get_after_help().map(ToString::to_string).unwrap_or_default())))?;
    Ok(PASSED)
}

/// The lines behind the heading, each on a line of its own.
fn exit_status(help: &str) -> String {
    let lines = help.lines().skip(1).map(|line| format!(".br\n{}\n", escaped(line.trim())));
    format!(".SH \"EXIT STATUS\"\n{}", lines.collect::<String>())
}

/// Text in which a hyphen stays one: troff would print it as a dash to be broken at.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}
