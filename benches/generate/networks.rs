//! Allow-lists: narrow, wide, open to all, and unreadable.

use super::random::{Random, decimal, hexadecimal};

/// One to six entries, none of them wider than /16 or, in IPv6, /48.
pub fn narrow(random: &mut Random, out: &mut String) {
    let separator = if random.chance(50) { ", " } else { "," };
    let count = random.pick(&[1, 1, 1, 1, 2, 2, 2, 3, 4, 6]);
    for entry in 0..count {
        if entry > 0 {
            out.push_str(separator);
        }
        narrow_entry(random, out);
    }
}

/// At least one entry that is too wide, but not all of IPv4 or IPv6.
pub fn wide(random: &mut Random, out: &mut String) {
    if random.chance(300) {
        narrow(random, out);
        out.push(',');
    }
    match random.below(5) {
        0 => {
            decimal(out, random.pick(&PUBLIC));
            out.push_str(".0.0.0/8");
        }
        1 => {
            decimal(out, random.pick(&PUBLIC));
            out.push_str(".*.*.*");
        }
        2 => out.push_str(random.pick(&["2600::/12", "2a04:4e42::/32", "2001:4860::/47"])),
        _ => {
            let prefix = 9 + random.below(7);
            decimal(out, random.pick(&PUBLIC));
            out.push('.');
            decimal(out, random.below(256) & !(0xFF >> (prefix - 8)));
            out.push_str(".0.0/");
            decimal(out, prefix);
        }
    }
    if random.chance(300) {
        out.push(',');
        narrow_entry(random, out);
    }
}

/// A list that lets everyone in, however it says so.
pub fn open(random: &mut Random, out: &mut String) {
    if random.chance(200) {
        narrow_entry(random, out);
        out.push(',');
    }
    out.push_str(random.pick(&[
        "0.0.0.0/0",
        "0.0.0.0/0",
        "0.0.0.0/0",
        "*.*.*.*",
        "0.0.0.0/1,128.0.0.0/1",
        "128.0.0.0/1,64.0.0.0/2,0.0.0.0/2",
        "::/0",
    ]));
    if random.chance(200) {
        out.push(',');
        narrow_entry(random, out);
    }
}

/// A good entry and one that is no network.
pub fn unreadable(random: &mut Random, out: &mut String) {
    narrow_entry(random, out);
    out.push_str(random.pick(&[
        ",office",
        ",010.1.2.3",
        ",203.0.113.0/33",
        ",203.0.113",
        ",2600::1::2",
    ]));
}

fn narrow_entry(random: &mut Random, out: &mut String) {
    match random.below(1000) {
        0..300 => octets(random, out, 4),
        300..750 => block(random, out),
        750..870 => {
            octets(random, out, 3);
            out.push_str(".*");
        }
        870..900 => {
            octets(random, out, 2);
            out.push_str(".*.*");
        }
        900..905 => {
            octets(random, out, 2);
            out.push_str(".*.");
            decimal(out, random.below(256));
        }
        905..910 => {
            out.push_str("10.");
            decimal(out, random.below(256));
            out.push_str(".0.0/16");
        }
        _ => group(random, out),
    }
}

fn octets(random: &mut Random, out: &mut String, count: u32) {
    decimal(out, random.pick(&PUBLIC));
    for _ in 1..count {
        out.push('.');
        decimal(out, random.below(256));
    }
}

/// A block of /16 to /30; now and then with host bits, which say nothing.
fn block(random: &mut Random, out: &mut String) {
    let prefix = random.pick(&[
        16, 20, 22, 23, 24, 24, 24, 24, 25, 26, 27, 28, 28, 29, 29, 30,
    ]);
    let hosts = u32::MAX >> prefix;
    let mut bits = random.below(1 << 24);
    if !random.chance(30) {
        bits &= !hosts;
    }
    decimal(out, random.pick(&PUBLIC));
    for shift in [16, 8, 0] {
        out.push('.');
        decimal(out, (bits >> shift) & 0xFF);
    }
    out.push('/');
    decimal(out, prefix);
}

fn group(random: &mut Random, out: &mut String) {
    out.push_str(random.pick(&["2600:1f18", "2a04:4e42", "2001:4860", "2606:4700"]));
    out.push(':');
    hexadecimal(out, random.below(0x1_0000));
    if random.chance(400) {
        out.push_str("::/48");
        return;
    }
    out.push(':');
    hexadecimal(out, random.below(0x1_0000));
    out.push_str(random.pick(&["::/64", "::1", "::/56"]));
}

/// First octets that are neither private nor set aside.
const PUBLIC: [u32; 32] = [
    3, 13, 18, 23, 31, 34, 35, 44, 46, 52, 54, 62, 77, 80, 82, 85, 87, 89, 91, 93, 95, 104, 109,
    130, 141, 151, 157, 163, 185, 194, 208, 212,
];
