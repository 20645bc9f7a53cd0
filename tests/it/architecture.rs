//! Who may import whom. The table is the drawing in `src/lib.rs`; a line that is not in it is a design decision.

use std::collections::BTreeSet;
use std::path::Path;

/// Each module of the crate and the modules it may import.
const TABLE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("ingest", &["model"]),
    ("history", &["model"]),
    ("baseline", &["model", "history"]),
    ("stats", &["model"]),
    ("compare", &["model", "baseline", "stats"]),
    ("verdict", &["model", "stats", "compare"]),
    ("analysis", &["model", "history", "baseline", "stats", "compare", "verdict"]),
    ("render", &["model", "compare", "verdict", "analysis"]),
    ("config", &["model", "baseline", "compare", "verdict"]),
    ("files", &["ingest", "model", "render"]),
    ("github", &[]),
    ("store", &["model", "history", "github"]),
    ("publish", &["model", "history", "verdict", "render", "config", "store", "github"]),
    ("cli", &["config"]),
    (
        "pipeline",
        &[
            "analysis", "baseline", "cli", "compare", "config", "files", "github", "history", "ingest", "model",
            "publish", "render", "stats", "store", "verdict",
        ],
    ),
];

/// Crates that are used in one module only, so that each can be replaced in one place.
const ONE_PLACE: &[(&str, &[&str])] = &[
    ("clap", &["cli", "config"]),
    ("clap_complete", &["cli", "pipeline"]),
    ("clap_mangen", &["pipeline"]),
    ("serde_yaml", &["config"]),
    ("statrs", &["stats"]),
    ("hashbrown", &["ingest"]),
    ("hdrhistogram", &["model"]),
    ("minijinja", &["render"]),
    ("crc32fast", &["files"]),
    ("indicatif", &["files"]),
    ("glob", &["files"]),
    ("http_body_util", &["github"]),
    ("octocrab", &["github"]),
    ("tokio", &["github"]),
];

/// Modules that touch files, processes, the environment or the clock.
const EDGE: &[&str] = &["files", "github", "store"];

/// All `.rs` files of the crate but those of its tests, with the top-level module they belong to.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.path() {
                path if path.file_stem().is_some_and(|name| name == "tests" || name == "testing") => {}
                path if path.is_dir() => walk(&path, found),
                path if path.extension().is_some_and(|e| e == "rs") => found.push(path),
                _ => {}
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    let tests: Vec<_> = found.iter().flat_map(|path| test_modules(path)).collect();
    found.retain(|path| !tests.iter().any(|test| path.starts_with(test) || path.with_extension("") == *test));
    let module = |path: &Path| {
        let first = path.strip_prefix(&root).unwrap().components().next().unwrap();
        first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
    };
    found.iter().map(|path| (module(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// Paths, without ending, of the modules that a file declares for tests only.
fn test_modules(path: &Path) -> Vec<std::path::PathBuf> {
    let text = std::fs::read_to_string(path).unwrap();
    let folder = path.parent().unwrap();
    let own = if path.file_name().unwrap() == "mod.rs" { folder.to_owned() } else { path.with_extension("") };
    let declared = text.split("#[cfg(test)]\nmod ").skip(1).filter_map(|rest| rest.split_once(';'));
    declared.filter(|(name, _)| !name.contains('{')).map(|(name, _)| own.join(name)).collect()
}

/// The code of a file without comments and without its tests.
fn code(text: &str) -> String {
    let own = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    own.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The modules after each `crate::` in `text`, also those in braces.
fn imported(text: &str) -> BTreeSet<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for part in text.split("crate::").skip(1) {
        match part.strip_prefix('{') {
            None => drop(found.insert(name(part))),
            Some(list) => {
                let inner = list.split("};").next().unwrap_or_default();
                found.extend(inner.split(',').map(|item| name(item.trim())).filter(|n| !n.is_empty()));
            }
        }
    }
    found
}

#[test]
fn modules_import_only_what_the_table_allows() {
    for (module, text) in sources() {
        if module == "lib" || module == "main" {
            continue;
        }
        let row = TABLE.iter().find(|(name, _)| *name == module);
        let (_, allowed) = row.unwrap_or_else(|| panic!("module '{module}' is not in the table"));
        for other in imported(&code(&text)) {
            let fine = other == module || allowed.contains(&other.as_str());
            assert!(fine, "{module} imports {other}, which the table does not allow");
        }
    }
}

#[test]
fn the_table_has_no_module_that_is_gone() {
    let modules: BTreeSet<String> = sources().into_iter().map(|(module, _)| module).collect();
    for (module, _) in TABLE {
        assert!(modules.contains(*module), "{module} is in the table and not in src/");
    }
}

#[test]
fn replaceable_crates_are_used_in_one_place() {
    for (module, text) in sources() {
        for (name, places) in ONE_PLACE {
            let used = code(&text).contains(&format!("{name}::"));
            assert!(!used || places.contains(&module.as_str()), "{module} uses {name}");
        }
    }
}

#[test]
fn only_edge_modules_are_excused_from_the_ban_on_files_processes_and_clocks() {
    for (module, text) in sources() {
        let excused = code(&text).contains("clippy::disallowed_methods");
        assert!(!excused || EDGE.contains(&module.as_str()), "{module} touches the outside");
    }
}
