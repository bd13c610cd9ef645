//! How text is written where a scheduler reads it, so that it is taken as it is.

/// Returns a word for a shell.
pub(super) fn shell(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./@%+=:,-".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Returns a word for the command of a crontab, in which `%` ends the command.
pub(super) fn cron(text: &str) -> String {
    shell(text).replace('%', r"\%")
}

/// Returns a word for a unit, in which `%` begins a specifier.
pub(super) fn unit(text: &str) -> String {
    let text = text.replace('%', "%%");
    let is_plain = |c: char| !c.is_whitespace() && !"\"'\\;".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text,
        false => format!("\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#)),
    }
}

/// Returns a word for the command of a unit, in which `$` begins a variable.
pub(super) fn exec(text: &str) -> String {
    unit(&text.replace('$', "$$"))
}

/// Returns a word for a list of mounts of a unit, in which `:` parts source and place.
pub(super) fn mount(text: &str) -> String {
    unit(&text.replace(':', r"\:"))
}

/// Returns a text for YAML, which reads that of JSON.
pub(super) fn yaml(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_as_it_is_wherever_it_is_written() {
        let plain = "/etc/audit/night.toml";
        let odd = r#"/a b/100%'s "$x":y\z"#;
        for (quoted, expected_plain, expected_odd) in [
            (
                shell as fn(&str) -> String,
                plain,
                r#"'/a b/100%'\''s "$x":y\z'"#,
            ),
            (cron, plain, r#"'/a b/100\%'\''s "$x":y\z'"#),
            (unit, plain, r#""/a b/100%%'s \"$x\":y\\z""#),
            (exec, plain, r#""/a b/100%%'s \"$$x\":y\\z""#),
            (mount, plain, r#""/a b/100%%'s \"$x\"\\:y\\z""#),
            (
                yaml,
                r#""/etc/audit/night.toml""#,
                r#""/a b/100%'s \"$x\":y\\z""#,
            ),
        ] {
            assert_eq!(quoted(plain), expected_plain);
            assert_eq!(quoted(odd), expected_odd);
        }
    }

    #[test]
    fn a_shell_reads_back_what_was_written() {
        for text in ["", "a b", "it's", "$HOME `id` \\ \" ;&|<>*?[~#", "ünï"] {
            let script = format!("printf %s {}", shell(text));
            let mut command = std::process::Command::new("sh");
            let output = command.args(["-c", &script]).output().expect("it runs");
            assert_eq!(String::from_utf8_lossy(&output.stdout), text);
        }
    }
}
