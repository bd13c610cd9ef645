//! The reader of JSON and `serde_json` say the same of any bytes.

use proptest::prelude::*;

use crate::oracle;

/// What JSON is made of, and what it is not.
const PIECES: [&[u8]; 35] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\"id\":",
    b"\"name\":",
    b"\"Owner_ID\":",
    b"\"force2fa\":",
    b"\"createdAt\":",
    b"\"x\":",
    b"\"i\\u0064\":",
    b"\"\\ud800\":",
    b"\"a\"",
    b"\"\\ud83d\\ude00\"",
    b"\"\\ud800\"",
    b"\"a long text of more than thirty-two bytes, with an end\"",
    b"true",
    b"false",
    b"null",
    b"fals",
    b"-",
    b"0",
    b"1.5",
    b"e9",
    b"\\",
    b"\\n",
    b" ",
    b"\n",
    b"\t",
    "é".as_bytes(),
    b"\xff",
    b"\x00",
];

fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(PIECES.to_vec());
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A record, of which a byte may be another.
fn nearly_a_record() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        any::<bool>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        "\\PC{0,40}".prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
        Just(serde_json::json!({"a": [1, {"b": []}]})),
    ];
    let key = prop_oneof![
        Just("id".to_owned()),
        Just("name".to_owned()),
        Just("force_2fa".to_owned()),
        Just("created-at".to_owned()),
        "\\PC{0,40}",
    ];
    let record = prop::collection::btree_map(key, value, 0..8);
    let flaw = prop::option::weighted(0.5, (any::<prop::sample::Index>(), any::<u8>()));
    (record, any::<bool>(), flaw).prop_map(|(record, pretty, flaw)| {
        let mut bytes = match pretty {
            true => serde_json::to_vec_pretty(&record),
            false => serde_json::to_vec(&record),
        }
        .expect("JSON");
        if let Some((at, byte)) = flaw {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

#[test]
fn a_key_with_half_a_surrogate_is_json_and_the_fields_beside_it_are_read() {
    for key in [r"\ud800", r"\udfff", r"a\udc00\ud800", r"type\ud800"] {
        for text in [
            format!(r#"{{"{key}":1}}"#),
            format!(r#"{{"{key}":1,"id":"a"}}"#),
            format!(r#"{{"id":"a","{key}":{{"{key}":[]}},"type":"STATE"}}"#),
            format!(r#"{{"{key}":1,}}"#),
        ] {
            oracle::agree(text.as_bytes());
        }
    }
}

proptest! {
    #[test]
    fn what_is_nearly_json_is_read_as_the_oracle_does(bytes in nearly_json()) {
        oracle::agree(&[b"{", bytes.as_slice()].concat());
    }

    #[test]
    fn what_is_nearly_a_record_is_read_as_the_oracle_does(bytes in nearly_a_record()) {
        oracle::agree(&bytes);
    }

    #[test]
    fn any_bytes_are_read_as_the_oracle_does(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        oracle::agree(&[b"{\"name\":\"", bytes.as_slice(), b"\"}"].concat());
    }
}
