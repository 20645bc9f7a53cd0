//! Patterns of names.

/// Whether `name` is of the form `pattern`, in which `*` stands for any text.
///
/// Endpoint names hold brackets, braces and question marks, so nothing else is special.
pub fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let Some(end) = parts.pop() else { return true };
    for part in parts {
        let Some(at) = name.find(part) else { return false };
        name = &name[at + part.len()..];
    }
    name.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text_and_nothing_else_is_special() {
        for (pattern, name) in [
            ("*", "GET /"),
            ("GET *", "GET /a/b"),
            ("*/items/[id]?q=*", "GET /items/[id]?q=1"),
            ("a*a", "aa"),
            ("a*b*c", "axbxbxc"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("GET", "GET /"), ("a*a", "a"), ("a*b", "ac"), ("*x*y", "yx")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
