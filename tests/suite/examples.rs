//! The examples do what they say.

#[allow(dead_code, reason = "its main is for the program")]
#[path = "../../examples/judge_record.rs"]
mod judge_record;
#[allow(dead_code, reason = "its main is for the program")]
#[path = "../../examples/own_format.rs"]
mod own_format;
#[allow(dead_code, reason = "its main is for the program")]
#[path = "../../examples/stream_findings.rs"]
mod stream_findings;

const POLICY: &str = "
    [policy]
    id = 'p'

    [[rule]]
    id = 'sso'
    severity = 'low'
    require.forceSso = true
";

fn text(written: Vec<u8>) -> String {
    String::from_utf8(written).expect("an example writes text")
}

#[test]
fn a_record_is_judged_by_the_text_of_a_policy() {
    let judge = |record: &str| {
        let mut out = Vec::new();
        judge_record::judge(POLICY, record, &mut out).expect("a sound policy");
        text(out)
    };
    assert_eq!(judge(r#"{"id": "a", "forceSso": true}"#), "");
    let found = judge(r#"{"id": "a", "forceSso": false}"#);
    assert_eq!(found, "low fail p/sso: a; forceSso: false, expected true\n");
    assert!(judge(r#"{"id": "a", "#).contains("incomplete: 1 record could not be read"));
    let error = judge_record::judge("[policy]", "{}", &mut Vec::new());
    let error = error.expect_err("a policy has an id").to_string();
    assert!(error.contains("policy.toml"), "{error}");
}

#[test]
fn findings_of_a_stream_are_printed() {
    let export = "{\"id\": \"a\", \"hasPci\": true, \"force2fa\": false}\n{oops\n";
    let mut out = Vec::new();
    stream_findings::stream("e", export.as_bytes(), &mut out).expect("bytes in memory");
    let out = text(out);
    assert!(out.contains(": a; force2fa: false; forceSso: [missing], expected two-factor sign-in or single sign-on is forced"), "{out}");
    assert!(out.contains("\nrecord 2 could not be read: "), "{out}");
    assert!(out.contains(" findings in 2 records\n"), "{out}");
    assert!(
        out.contains("incomplete: 1 record could not be read"),
        "{out}"
    );
}

#[test]
fn a_format_of_ones_own_is_written() {
    let mut out = Vec::new();
    let export = br#"[{"id": "a", "force2fa": false}]"#;
    own_format::write_list(export, &mut out).expect("bytes in memory");
    let out = text(out);
    assert!(out.contains("[ ] a: "), "{out}");
    assert!(
        out.contains(
            "    force2fa is false, expected two-factor sign-in or single sign-on is forced\n"
        ),
        "{out}"
    );
    assert!(
        out.ends_with("There may be more: not everything could be judged.\n"),
        "{out}"
    );
}
