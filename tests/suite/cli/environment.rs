//! What must not change a report: the time zone, the language and the threads.

use super::{FORMATS, audit, records, workspace};
use crate::support::Run;

#[test]
fn the_time_zone_and_the_language_change_no_byte() {
    let workspace = workspace();
    let export = workspace.read("export.ndjson").replace(
        "\"updatedAt\": null",
        "\"updatedAt\": \"2025-12-02 00:30:00\"",
    );
    workspace.write("export.ndjson", &export);
    for format in FORMATS {
        let said = |zone: &str, locale: &str| {
            let mut command = audit(&workspace);
            command
                .env("TZ", zone)
                .env("LANG", locale)
                .env("LC_ALL", locale);
            Run::of(command.args(["-f", format, "export.ndjson"]))
        };
        let here = said("UTC", "C");
        assert_eq!(here.code, 1);
        assert_eq!(here, said("Asia/Kathmandu", "tr_TR.UTF-8"), "{format}");
        assert_eq!(here, said("America/St_Johns", "de_DE.UTF-8"), "{format}");
        assert_eq!(here, said("nowhere", "nothing"), "{format}");
    }
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let workspace = workspace();
    let mut export = records(5000);
    export.push_str("{\"id\": \"broken\"\n[]\n");
    export.push_str(&records(5000));
    workspace.write("large.ndjson", &export);
    for format in FORMATS {
        let said = |threads: &str| {
            let mut command = audit(&workspace);
            command.args(["--window-bytes", "4096", "-f", format, "-j", threads]);
            Run::of(command.args(["large.ndjson", "export.ndjson"]))
        };
        let alone = said("1");
        assert_eq!(alone.code, 3, "{format}");
        assert_eq!(alone, said("2"), "{format}");
        assert_eq!(alone, said("8"), "{format}");
    }
}
