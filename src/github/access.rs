//! Where the API is and who asks.

use std::fmt;

/// GitHub's own API; an Enterprise server has its address in `GITHUB_API_URL`.
const PUBLIC: &str = "https://api.github.com";
/// Variables that may hold the token, the first that is set: the input of the action, the workflow's, the `gh` tool's.
const TOKENS: &[&str] = &["INPUT_GITHUB-TOKEN", "GITHUB_TOKEN", "GH_TOKEN"];

/// Where the API is and who asks.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// `https://api.github.com`, or that of an Enterprise server: `https://github.example.com/api/v3`.
    pub api: String,
    /// A secret; without one only public repositories can be read.
    pub token: Option<String>,
}

impl Access {
    /// What the variables of a workflow say: `GITHUB_API_URL`, and the first of `INPUT_GITHUB-TOKEN`, `GITHUB_TOKEN` and
    /// `GH_TOKEN` that is not empty.
    #[expect(clippy::disallowed_methods, reason = "a workflow gives address and token in its environment")]
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| Some(variable(name)?.trim().to_owned()).filter(|value| !value.is_empty());
        let api = set("GITHUB_API_URL").unwrap_or_else(|| PUBLIC.to_owned());
        Self { api: api.trim_end_matches('/').to_owned(), token: TOKENS.iter().find_map(|name| set(name)) }
    }
}

/// Without the token.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "***");
        f.debug_struct("Access").field("api", &self.api).field("token", &token).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(variables: &[(&str, &str)]) -> Access {
        Access::from_variables(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_input_comes_before_the_workflow_and_empty_is_none() {
        let found = access(&[("INPUT_GITHUB-TOKEN", ""), ("GITHUB_TOKEN", "a\n"), ("GH_TOKEN", "b")]);
        assert_eq!(found, Access { api: PUBLIC.to_owned(), token: Some("a".to_owned()) });
        let found = access(&[("INPUT_GITHUB-TOKEN", "c"), ("GITHUB_API_URL", "https://host/api/v3/")]);
        assert_eq!(found, Access { api: "https://host/api/v3".to_owned(), token: Some("c".to_owned()) });
        assert_eq!(access(&[]).token, None);
    }

    #[test]
    fn the_token_is_not_shown() {
        let text = format!("{:?}", access(&[("GITHUB_TOKEN", "ghs_secret")]));
        assert!(!text.contains("secret") && text.contains("***"), "{text}");
    }
}
