//! Lists of networks, and what is asked of them.

use serde_json::json;

use super::{PASS, UNPARSABLE, VIOLATED, of_networks, requires};

#[test]
fn items_of_a_list_are_read_strictly() {
    let readable = "10.0.0.1, 10.0.0.5/8 ,192.0.2.*,192.0.*.1,::1,2001:db8::/32,0.0.0.0/0";
    assert_eq!(of_networks("present = true", readable), PASS);
    for odd in [
        "010.0.0.1",
        "10.0.0.1/08",
        "10.0.0.0/33",
        "1.2.3",
        "1.2.3.*/24",
        "*",
        "1.2.3.4.*",
        "01.2.3.*",
        "1.2.3.256",
        "office",
        "10.0.0.1-9",
        "::/129",
        "1.2.3.4/",
        "1.2.3.4/+8",
    ] {
        let list = format!("10.0.0.1,{odd}");
        let said = of_networks("within = ['10.0.0.0/8']", &list);
        assert_eq!(said, UNPARSABLE, "{odd}");
        assert_eq!(of_networks("present = true", &list), PASS, "{odd}");
    }
    assert_eq!(of_networks("present = true", ","), UNPARSABLE);
}

#[test]
fn only_a_text_or_an_array_is_a_list_of_networks() {
    for odd in json!([10, true, {}]).as_array().unwrap() {
        let said = requires("ipWhitelist.present = true", json!({ "ipWhitelist": odd }));
        assert_eq!(said, "error wrong-type");
    }
    for odd in json!([[], [10], [""], "[]", "{}", ";"]).as_array().unwrap() {
        let said = requires("ipWhitelist.present = true", json!({ "ipWhitelist": odd }));
        assert_eq!(said, UNPARSABLE);
    }
}

#[test]
fn entries_are_the_same_however_they_are_separated() {
    for list in json!([
        "10.0.0.0,10.0.0.1",
        "10.0.0.0;10.0.0.1",
        "10.0.0.0 10.0.0.1",
        "10.0.0.0\n10.0.0.1",
        "10.0.0.0, ,10.0.0.1,10.0.0.1,",
        "{10.0.0.0,10.0.0.1}",
        ["10.0.0.0", "10.0.0.1"],
        ["10.0.0.0,10.0.0.1"],
        "[\"10.0.0.0\", \"10.0.0.1\"]",
    ])
    .as_array()
    .unwrap()
    {
        let said = |check: &str| {
            let check = format!("ipWhitelist = {{ {check} }}");
            requires(&check, json!({ "ipWhitelist": list }))
        };
        let most = |size| format!("max-addresses = {{ v4 = {size}, v6 = 1 }}");
        assert_eq!(said(&most(2)), PASS, "{list}");
        assert_eq!(said(&most(1)), VIOLATED, "{list}");
        assert_eq!(said("covers = ['10.0.0.0/31']"), PASS, "{list}");
    }
}

#[test]
fn two_halves_are_everything() {
    for everything in [
        "0.0.0.0/0",
        "0.0.0.0/1,128.0.0.0/1",
        "::/0",
        "*.*.*.*",
        "*.1.2.3",
    ] {
        assert_eq!(of_networks("any-address = true", everything), PASS);
        assert_eq!(of_networks("any-address = false", everything), VIOLATED);
    }
    assert_eq!(of_networks("any-address = false", "0.0.0.0/1"), PASS);
    assert_eq!(
        of_networks("any-address = true", "1.0.0.0/1,::/1"),
        VIOLATED
    );
}

#[test]
fn what_cannot_be_read_hides_nothing_that_is_certain() {
    assert_eq!(of_networks("any-address = true", "::/0,office"), PASS);
    assert_eq!(of_networks("any-address = false", "::/0,office"), VIOLATED);
    assert_eq!(of_networks("any-address = false", "::1,office"), UNPARSABLE);
    let narrow = "min-prefix = { v4 = 16, v6 = 48 }";
    assert_eq!(of_networks(narrow, "10.0.0.0/8,office"), VIOLATED);
    assert_eq!(of_networks(narrow, "10.0.0.0/16,office"), UNPARSABLE);
    let one = "max-addresses = { v4 = 1, v6 = 1 }";
    assert_eq!(of_networks(one, "1.1.1.1,office"), UNPARSABLE);
    assert_eq!(of_networks(one, "1.1.1.0/31,x"), VIOLATED);
    let covers = "covers = ['10.0.0.0/24']";
    assert_eq!(of_networks(covers, "10.0.0.0/8,office"), PASS);
    assert_eq!(of_networks(covers, "10.0.0.1,office"), UNPARSABLE);
}

#[test]
fn a_prefix_is_measured_in_its_own_family() {
    let said = |v4: u8, v6: u8, list: &str| {
        of_networks(&format!("min-prefix = {{ v4 = {v4}, v6 = {v6} }}"), list)
    };
    assert_eq!(said(8, 48, "10.0.0.0/8"), PASS);
    assert_eq!(said(24, 1, "::/0"), VIOLATED);
    assert_eq!(said(16, 0, "192.0.*.1"), PASS);
    assert_eq!(said(17, 0, "192.0.*.1"), VIOLATED);
    assert_eq!(said(8, 128, "::ffff:10.0.0.0/104"), PASS);
    assert_eq!(said(0, 96, "::ffff:0.0.0.0/95"), VIOLATED);
}

#[test]
fn each_address_is_counted_once() {
    let said = |v4: u64, v6: u64, list: &str| {
        of_networks(&format!("max-addresses = {{ v4 = {v4}, v6 = {v6} }}"), list)
    };
    for (list, size) in [
        ("10.0.0.0/24,10.0.0.128/25,10.0.1.0", 257),
        ("::ffff:10.0.0.1,10.0.0.1", 1),
        ("10.0.0.1, 10.0.0.1/32", 1),
        ("192.0.2.*,192.0.2.0/23", 512),
    ] {
        assert_eq!(said(size, 0, list), PASS, "{list}");
        assert_eq!(said(size - 1, 0, list), VIOLATED, "{list}");
    }
    let both = "2001:db8::/126,2001:db8::2,10.0.0.1";
    assert_eq!(said(1, 4, both), PASS);
    assert_eq!(said(0, 4, both), VIOLATED);
    assert_eq!(said(1, 3, both), VIOLATED);
    assert_eq!(said(i64::MAX as u64, i64::MAX as u64, "::/0"), VIOLATED);
    assert_eq!(said(1 << 32, 0, "0.0.0.0/0"), PASS);
}

#[test]
fn an_odd_wildcard_has_its_size_whatever_lies_beside_it() {
    for (list, size) in [
        ("192.0.*.1", 256_u64),
        ("192.0.*.1,192.0.7.1,192.0.7.0/31", 258),
        ("192.0.*.1,192.0.*.1", 256),
        ("*.*.*.1,*.*.*.2,0.0.0.0/8", 3 << 24),
        ("*.0.2.1", 256),
    ] {
        let most = |v4: u64| of_networks(&format!("max-addresses = {{ v4 = {v4}, v6 = 0 }}"), list);
        assert_eq!(most(size), PASS, "{list}");
        assert_eq!(most(size - 1), VIOLATED, "{list}");
    }
}

#[test]
fn each_entry_lies_within_one_and_overlaps_none() {
    let within = "within = ['10.0.0.0/8', '11.0.0.0/8']";
    assert_eq!(of_networks(within, "10.1.0.0/16,11.0.0.1"), PASS);
    assert_eq!(of_networks(within, "10.0.0.0/7"), VIOLATED);
    assert_eq!(of_networks(within, "::1"), VIOLATED);
    let excludes = "excludes = ['10.0.0.0/8']";
    assert_eq!(of_networks(excludes, "8.0.0.0/6"), VIOLATED);
    assert_eq!(of_networks(excludes, "11.0.0.0/8,::/0"), PASS);
}

#[test]
fn an_entry_that_touches_special_space_is_not_public() {
    for public in ["172.32.0.1", "8.8.8.8", "8.8.*.8", "2a00::/16"] {
        assert_eq!(of_networks("public = true", public), PASS, "{public}");
    }
    for special in [
        "0.0.0.0/0",
        "0.0.0.0/1",
        "128.0.0.0/1",
        "::/0",
        "172.31.0.1",
        "172.0.0.0/8",
        "240.0.0.0/4",
        "fe80::1",
        "2001:db8::1",
        "2001::/16",
        "ff02::/16",
    ] {
        assert_eq!(of_networks("public = true", special), VIOLATED, "{special}");
    }
}

#[test]
fn what_is_covered_may_lie_in_several_entries() {
    let covers = |wanted: &str, list: &str| of_networks(&format!("covers = [{wanted}]"), list);
    assert_eq!(covers("'10.0.0.0/24'", "10.0.0.0/25, 10.0.0.128/25"), PASS);
    assert_eq!(covers("'10.0.0.0/24'", "10.0.0.0/25"), VIOLATED);
    assert_eq!(covers("'10.0.0.1', '::1'", "10.0.0.*, ::/64"), PASS);
    assert_eq!(covers("'10.0.0.1', '::1'", "10.0.0.*"), VIOLATED);
    assert_eq!(
        covers("'2001:db8::/31'", "2001:db8::/32,2001:db9::/32"),
        PASS
    );
    assert_eq!(covers("'::ffff:10.0.0.1'", "10.0.0.0/8"), PASS);
}

#[test]
fn an_odd_wildcard_covers_only_what_it_names() {
    let covers = |wanted: &str, list: &str| of_networks(&format!("covers = ['{wanted}']"), list);
    assert_eq!(covers("192.0.7.1", "192.0.*.1"), PASS);
    assert_eq!(covers("192.0.7.2", "192.0.*.1"), VIOLATED);
    assert_eq!(covers("192.0.7.0/31", "192.0.*.1"), VIOLATED);
    assert_eq!(covers("192.0.7.0/31", "192.0.*.1,192.0.7.0"), PASS);
}

#[test]
fn lists_are_equal_where_they_hold_the_same_addresses() {
    let check = "ipWhitelist = { equals-field = 'office' }";
    let said = |office: &str| {
        requires(
            check,
            json!({"ipWhitelist": "10.0.0.0/25,10.0.0.128/25", "office": office}),
        )
    };
    assert_eq!(said("10.0.0.*"), PASS);
    assert_eq!(said("10.0.0.0/25"), VIOLATED);
    assert_eq!(said("10.0.0.0/24,here"), UNPARSABLE);
}

#[test]
fn a_list_of_every_kind_of_entry_is_judged_by_what_is_certain() {
    let list = "203.0.113.9, 198.51.100.5/24,192.0.2.*,192.0.*.1,10.0.0.0/8,\
                0.0.0.0/1,128.0.0.0/1,office";
    for (check, expected) in [
        ("any-address = false", VIOLATED),
        ("any-address = true", PASS),
        ("min-prefix = { v4 = 16, v6 = 48 }", VIOLATED),
        ("public = true", VIOLATED),
        ("max-addresses = { v4 = 4294967295, v6 = 0 }", VIOLATED),
        // All addresses, and the odd wildcard beside them.
        ("max-addresses = { v4 = 4294967551, v6 = 0 }", VIOLATED),
        ("max-addresses = { v4 = 4294967552, v6 = 0 }", UNPARSABLE),
        ("min-prefix = { v4 = 1, v6 = 0 }", UNPARSABLE),
        ("covers = ['0.0.0.0/0']", PASS),
    ] {
        assert_eq!(of_networks(check, list), expected, "{check}");
    }
}
