//! Templates for Markdown. What a template prints is escaped as prose unless a filter says otherwise, so that forgetting
//! a filter cannot let outside text through.

use anyhow::{Context, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use super::escape::{code, prose};

/// Fills in `template` with `values`.
///
/// # Errors
/// A template that is wrong or names what is not there: a mistake of this program.
pub(crate) fn fill(template: &str, values: impl Serialize) -> Result<String> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.context("in the syntax of templates")?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("code", |text: &str| Value::from_safe_string(code(text)));
    environment.set_formatter(|out, _, value| {
        if value.is_safe() {
            out.write_str(value.as_str().unwrap_or_default())?;
        } else if !value.is_none() {
            out.write_str(&prose(&value.to_string()))?;
        }
        Ok(())
    });
    environment.render_str(template, Serde(values)).context("in a template")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_escaped_without_a_filter() {
        let filled =
            fill("{{ a }} {{ a|code }} {{ none }}", serde_json::json!({"a": "<!-- @me", "none": null})).unwrap();
        assert_eq!(filled, "&lt;!-- &#64;\u{200b}me <code>&lt;!-- &#64;me</code> ");
    }

    #[test]
    fn a_name_that_is_not_there_is_an_error() {
        assert!(fill("{{ b }}", serde_json::json!({"a": 1})).is_err());
    }
}
