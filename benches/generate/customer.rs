//! Invented customers, and what the policy must find in them.
//!
//! A finding is noted where its fault is planted, so nothing here judges a
//! customer: what a policy then reports can be held against the notes.

use chrono::{DateTime, Datelike, Timelike};

use super::networks;
use super::random::{Random, decimal, padded};

/// Fields in the order in which they are written, in both spellings.
macro_rules! fields {
    ($($field:ident $snake:literal $camel:literal,)*) => {
        /// A field of a customer record.
        #[derive(Clone, Copy)]
        pub enum Field { $($field),* }

        /// The key of each field: snake_case, camelCase.
        pub const KEYS: &[[&str; 2]] = &[$([$snake, $camel]),*];
    };
}

fields! {
    Id "id" "id",
    Name "name" "name",
    OwnerId "owner_id" "ownerId",
    BillingContactId "billing_contact_id" "billingContactId",
    BillingNetworkType "billing_network_type" "billingNetworkType",
    BillingRef "billing_ref" "billingRef",
    CanConfigureWordpress "can_configure_wordpress" "canConfigureWordpress",
    CanResetPasswords "can_reset_passwords" "canResetPasswords",
    CanUploadVcl "can_upload_vcl" "canUploadVcl",
    CreatedAt "created_at" "createdAt",
    UpdatedAt "updated_at" "updatedAt",
    DeletedAt "deleted_at" "deletedAt",
    Force2fa "force_2fa" "force2fa",
    ForceSso "force_sso" "forceSso",
    HasAccountPanel "has_account_panel" "hasAccountPanel",
    HasImprovedEvents "has_improved_events" "hasImprovedEvents",
    HasImprovedSslConfig "has_improved_ssl_config" "hasImprovedSslConfig",
    HasOpenstackLogging "has_openstack_logging" "hasOpenstackLogging",
    HasPci "has_pci" "hasPci",
    HasPciPasswords "has_pci_passwords" "hasPciPasswords",
    IpWhitelist "ip_whitelist" "ipWhitelist",
    LegalContactId "legal_contact_id" "legalContactId",
    PhoneNumber "phone_number" "phoneNumber",
    PostalAddress "postal_address" "postalAddress",
    PricingPlan "pricing_plan" "pricingPlan",
    PricingPlanId "pricing_plan_id" "pricingPlanId",
    SecurityContactId "security_contact_id" "securityContactId",
    TechnicalContactId "technical_contact_id" "technicalContactId",
}

/// The rules of `six.toml`, in its order.
mod six {
    pub const MFA: &str = "mfa";
    pub const PCI_PASSWORDS: &str = "pci-passwords";
    pub const OPEN_ALLOWLIST: &str = "open-allowlist";
    pub const WIDE_ALLOWLIST: &str = "wide-allowlist";
    pub const SECURITY_CONTACT: &str = "security-contact";
    pub const REVIEW: &str = "review";
}

/// The rules of `sixteen.toml`, in its order.
const SIXTEEN: [&str; 16] = [
    "two-factor",
    "single-sign-on",
    "passwords",
    "no-vcl",
    "no-resets",
    "no-wordpress",
    "no-openstack",
    "events",
    "ssl-config",
    "open-allowlist",
    "wide-allowlist",
    "security-contact",
    "technical-contact",
    "legal-contact",
    "phone",
    "review",
];

/// The clock of the benches: 2026-01-01T00:00:00Z.
const AS_OF: i64 = 1_767_225_600;
const DAY: i64 = 86_400;
const YEAR_AGO: i64 = AS_OF - 365 * DAY;
const TWO_YEARS_AGO: i64 = AS_OF - 730 * DAY;
/// 2011-03-01T00:00:00Z: the first account.
const FIRST: i64 = 1_298_937_600;

/// What kind of customers an export holds.
#[derive(Clone, Copy)]
pub struct Mix {
    /// Where all the numbers come from.
    pub seed: u64,
    /// Every customer fails every rule of `sixteen.toml`.
    pub hostile: bool,
    /// Flags are JSON booleans and times end in `Z`.
    pub plain: bool,
    /// Some values cannot be read at all.
    pub damaged: bool,
}

/// What stands in a field.
#[derive(Clone, Copy)]
pub enum Cell {
    /// The key is not there.
    Missing,
    /// A null.
    Null,
    /// A JSON boolean.
    Flag(bool),
    /// A flag written as the number 1 or 0.
    Digit(bool),
    /// A text: from here to there in the customer's text.
    Text(usize, usize),
}

/// How the text of a customer is escaped where JSON leaves the choice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Escapes {
    /// As little as can be.
    Few,
    /// All but ASCII as `\u`, as Python does.
    Ascii,
    /// Slashes too, as PHP does.
    Slashes,
}

/// Why a rule is not met.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A value stands there and breaks the rule.
    Violated,
    /// The key is not there.
    Missing,
    /// A null stands there.
    Null,
    /// An empty text stands there.
    Empty,
    /// What stands there cannot be read.
    Unparsable,
}

/// How flags are spelt in a record.
#[derive(Clone, Copy)]
enum Flags {
    Boolean,
    Digit,
    Word([&'static str; 2]),
}

/// How times are spelt in a record.
#[derive(Clone, Copy)]
enum Times {
    Zulu,
    Milliseconds,
    Offset,
    Blank,
    East,
}

/// One customer; the memory is used again for the next one.
pub struct Customer {
    text: String,
    cells: [Cell; KEYS.len()],
    findings: Vec<(&'static str, Reason)>,
    escapes: Escapes,
    flags: Flags,
    times: Times,
}

impl Customer {
    /// A customer that is still to be filled.
    pub fn new() -> Self {
        Self {
            text: String::with_capacity(2048),
            cells: [Cell::Missing; KEYS.len()],
            findings: Vec::with_capacity(SIXTEEN.len()),
            escapes: Escapes::Few,
            flags: Flags::Boolean,
            times: Times::Zulu,
        }
    }

    /// Becomes customer number `index` of a mix.
    pub fn become_customer(&mut self, mix: Mix, index: u64) {
        let random = &mut Random::of(mix.seed, index);
        self.text.clear();
        self.findings.clear();
        self.spelling(random, mix.plain);
        self.company(random);
        self.features(random);
        if mix.hostile {
            self.hostile(random);
        } else {
            self.sign_in(random, mix.damaged);
            self.pci(random);
            self.allowlist(random, mix);
            self.contacts(random);
            self.dates(random, mix);
        }
    }

    /// What stands in each field, in the order of [`KEYS`].
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The text of a [`Cell::Text`].
    pub fn text(&self, start: usize, end: usize) -> &str {
        &self.text[start..end]
    }

    /// The id.
    pub fn id(&self) -> &str {
        match self.cells[Field::Id as usize] {
            Cell::Text(start, end) => self.text(start, end),
            Cell::Missing | Cell::Null | Cell::Flag(_) | Cell::Digit(_) => "",
        }
    }

    /// Takes the id of another: it is a later version of that one.
    pub fn is_called(&mut self, id: &str) {
        self.set_word(Field::Id, id);
    }

    /// How its text is escaped.
    pub fn escapes(&self) -> Escapes {
        self.escapes
    }

    /// What the policy must find, in the order of its rules.
    pub fn findings(&self) -> &[(&'static str, Reason)] {
        &self.findings
    }

    fn spelling(&mut self, random: &mut Random, plain: bool) {
        self.escapes = match random.below(100) {
            0..10 => Escapes::Ascii,
            10..13 => Escapes::Slashes,
            _ => Escapes::Few,
        };
        self.flags = match random.below(200) {
            _ if plain => Flags::Boolean,
            0 => Flags::Word(["0", "1"]),
            1 => Flags::Word(["no", "yes"]),
            2 => Flags::Word(["FALSE", "TRUE"]),
            3 => Flags::Word(["f", "t"]),
            4 => Flags::Digit,
            _ => Flags::Boolean,
        };
        self.times = match random.below(100) {
            _ if plain => Times::Zulu,
            0..4 => Times::Milliseconds,
            4..6 => Times::Offset,
            6 => Times::Blank,
            7 => Times::East,
            _ => Times::Zulu,
        };
    }

    fn company(&mut self, random: &mut Random) {
        // Some exporters write nothing where others write a null.
        let none = random.pick(&[Cell::Null, Cell::Null, Cell::Null, Cell::Missing]);
        self.set_id(Field::Id, random);
        self.set_text(Field::Name, |out| name(random, out));
        self.set_id(Field::OwnerId, random);
        for (field, thousandths) in [
            (Field::BillingContactId, 350),
            (Field::LegalContactId, 400),
            (Field::TechnicalContactId, 120),
        ] {
            if random.chance(thousandths) {
                self.set(field, none);
            } else {
                self.set_id(field, random);
            }
        }
        self.set_id(Field::SecurityContactId, random);
        self.set_word(
            Field::BillingNetworkType,
            random.pick(&["public", "public", "public", "public", "private"]),
        );
        if random.chance(250) {
            self.set(Field::BillingRef, none);
        } else {
            self.set_text(Field::BillingRef, |out| purchase_order(random, out));
        }
        self.set_text(Field::PhoneNumber, |out| phone(random, out));
        if random.chance(150) {
            self.set(Field::PostalAddress, none);
        } else {
            self.set_text(Field::PostalAddress, |out| address(random, out));
        }
        let plan = random.pick(&["customer", "customer", "enterprise", "developer", "trial"]);
        self.set_word(Field::PricingPlan, plan);
        if plan == "trial" {
            self.set(Field::PricingPlanId, Cell::Missing);
        } else {
            self.set_id(Field::PricingPlanId, random);
        }
    }

    fn features(&mut self, random: &mut Random) {
        for (field, thousandths) in [
            (Field::CanConfigureWordpress, 40),
            (Field::CanResetPasswords, 900),
            (Field::CanUploadVcl, 450),
            (Field::HasAccountPanel, 970),
            (Field::HasImprovedEvents, 930),
            (Field::HasImprovedSslConfig, 800),
            (Field::HasOpenstackLogging, 60),
        ] {
            self.set_flag(field, random.chance(thousandths));
        }
        if random.chance(300) {
            self.set(Field::CanConfigureWordpress, Cell::Null);
        }
    }

    fn sign_in(&mut self, random: &mut Random, damaged: bool) {
        if damaged && random.chance(5) {
            self.set_word(Field::Force2fa, random.pick(&["maybe", "2", "enabled"]));
            // The other door decides: a second factor that cannot be read does no harm there.
            let elsewhere = random.chance(300);
            self.set_flag(Field::ForceSso, elsewhere);
            if !elsewhere {
                self.finding(six::MFA, Reason::Unparsable);
            }
            return;
        }
        if !random.chance(15) {
            let sso = random.chance(350);
            self.set_flag(Field::ForceSso, sso);
            self.set_flag(Field::Force2fa, !sso || random.chance(800));
            if sso && random.chance(10) {
                self.set(Field::Force2fa, Cell::Null);
            }
            return;
        }
        self.set_flag(Field::Force2fa, false);
        self.set_flag(Field::ForceSso, false);
        let reason = match random.below(12) {
            0 => self.lack(Field::Force2fa, Cell::Null),
            1 => self.lack(Field::ForceSso, Cell::Null),
            2 => self.lack(Field::ForceSso, Cell::Missing),
            3 => {
                self.set(Field::Force2fa, Cell::Missing);
                self.lack(Field::ForceSso, Cell::Missing)
            }
            _ => Reason::Violated,
        };
        self.finding(six::MFA, reason);
    }

    fn pci(&mut self, random: &mut Random) {
        if random.chance(20) {
            self.set_flag(Field::HasPci, true);
            self.set_flag(Field::HasPciPasswords, false);
            let reason = match random.below(10) {
                0 => self.lack(Field::HasPciPasswords, Cell::Null),
                1 => self.lack(Field::HasPciPasswords, Cell::Missing),
                _ => Reason::Violated,
            };
            self.finding(six::PCI_PASSWORDS, reason);
            return;
        }
        let pci = random.chance(200);
        self.set_flag(Field::HasPci, pci);
        self.set_flag(Field::HasPciPasswords, pci || random.chance(100));
        if !pci && random.chance(5) {
            self.set(Field::HasPciPasswords, Cell::Missing);
        }
    }

    fn allowlist(&mut self, random: &mut Random, mix: Mix) {
        let field = Field::IpWhitelist;
        let (open, wide) = match random.below(1000) {
            0..15 => {
                self.set_text(field, |out| networks::open(random, out));
                (Some(Reason::Violated), Some(Reason::Violated))
            }
            15..35 => {
                self.set_text(field, |out| networks::wide(random, out));
                (None, Some(Reason::Violated))
            }
            35..45 => {
                let reason = match random.below(4) {
                    0 => self.lack(field, Cell::Missing),
                    1 => {
                        self.set_word(field, if mix.plain { "" } else { " " });
                        Reason::Empty
                    }
                    2 => {
                        self.set_word(field, "");
                        Reason::Empty
                    }
                    _ => self.lack(field, Cell::Null),
                };
                (Some(reason), Some(reason))
            }
            // What cannot be read could be anything, but never hides what is certain.
            45..48 if mix.damaged => {
                self.set_text(field, |out| networks::unreadable(random, out));
                (Some(Reason::Unparsable), Some(Reason::Unparsable))
            }
            48..50 if mix.damaged => {
                self.set_text(field, |out| {
                    networks::unreadable(random, out);
                    out.push(',');
                    networks::wide(random, out);
                });
                (Some(Reason::Unparsable), Some(Reason::Violated))
            }
            50..52 if mix.damaged => {
                self.set_text(field, |out| {
                    networks::open(random, out);
                    out.push(',');
                    networks::unreadable(random, out);
                });
                (Some(Reason::Violated), Some(Reason::Violated))
            }
            _ => {
                self.set_text(field, |out| networks::narrow(random, out));
                (None, None)
            }
        };
        if let Some(reason) = open {
            self.finding(six::OPEN_ALLOWLIST, reason);
        }
        if let Some(reason) = wide {
            self.finding(six::WIDE_ALLOWLIST, reason);
        }
    }

    fn contacts(&mut self, random: &mut Random) {
        if !random.chance(20) {
            return;
        }
        let cell = match random.below(6) {
            0 => Cell::Null,
            1 => Cell::Missing,
            2 => Cell::Text(0, 0),
            _ => self.cells[Field::OwnerId as usize],
        };
        self.set(Field::SecurityContactId, cell);
        // Whether a value stands there is never in doubt, so absence is a violation too.
        self.finding(six::SECURITY_CONTACT, Reason::Violated);
    }

    fn dates(&mut self, random: &mut Random, mix: Mix) {
        let created = self.review(random, mix);
        let deleted = random.chance(30);
        if deleted {
            // A deletion before the creation is none.
            let at = between(random, created.max(TWO_YEARS_AGO), AS_OF);
            self.set_time(Field::DeletedAt, at);
            self.findings.clear();
            return;
        }
        match random.below(1000) {
            0..5 => self.set(Field::DeletedAt, Cell::Missing),
            // What an exporter makes of a null: the customer is alive.
            5..10 if !mix.plain => self.set_time(Field::DeletedAt, 0),
            10..12 if mix.damaged => self.set_word(Field::DeletedAt, "soon"),
            _ => self.set(Field::DeletedAt, Cell::Null),
        }
    }

    /// Sets when the account was created and last changed; returns the former.
    fn review(&mut self, random: &mut Random, mix: Mix) -> i64 {
        match random.below(1000) {
            0..18 => {
                let created = between(random, FIRST, TWO_YEARS_AGO - 30 * DAY);
                self.set_time(Field::CreatedAt, created);
                let updated = if random.chance(50) {
                    TWO_YEARS_AGO - 1
                } else {
                    between(random, created, TWO_YEARS_AGO)
                };
                self.set_time(Field::UpdatedAt, updated);
                self.finding(six::REVIEW, Reason::Violated);
                created
            }
            18..21 => {
                let created = between(random, FIRST, YEAR_AGO);
                self.set_time(Field::CreatedAt, created);
                let empty = if mix.plain {
                    Cell::Null
                } else {
                    Cell::Text(0, 0)
                };
                let cell = random.pick(&[Cell::Null, Cell::Missing, empty]);
                let reason = self.lack(Field::UpdatedAt, cell);
                self.finding(six::REVIEW, reason);
                created
            }
            // Too young to be reviewed.
            21..23 => {
                let created = between(random, YEAR_AGO + 1, AS_OF);
                self.set_time(Field::CreatedAt, created);
                self.set(Field::UpdatedAt, Cell::Null);
                created
            }
            23..26 if mix.damaged => {
                let created = between(random, FIRST, YEAR_AGO);
                self.set_time(Field::CreatedAt, created);
                let text = random.pick(&["2024-13-45T00:00:00Z", "yesterday", "0000-00-00"]);
                self.set_word(Field::UpdatedAt, text);
                self.finding(six::REVIEW, Reason::Unparsable);
                created
            }
            _ => {
                let created = between(random, FIRST, AS_OF - DAY);
                self.set_time(Field::CreatedAt, created);
                let updated = if random.chance(10) {
                    created.max(TWO_YEARS_AGO + 1)
                } else {
                    between(random, created.max(TWO_YEARS_AGO + 1), AS_OF)
                };
                self.set_time(Field::UpdatedAt, updated);
                created
            }
        }
    }

    fn hostile(&mut self, random: &mut Random) {
        for field in [
            Field::Force2fa,
            Field::ForceSso,
            Field::HasPciPasswords,
            Field::HasImprovedEvents,
            Field::HasImprovedSslConfig,
        ] {
            self.set_flag(field, false);
        }
        for field in [
            Field::HasPci,
            Field::CanUploadVcl,
            Field::CanResetPasswords,
            Field::CanConfigureWordpress,
            Field::HasOpenstackLogging,
        ] {
            self.set_flag(field, true);
        }
        self.set_text(Field::IpWhitelist, |out| networks::open(random, out));
        for field in [
            Field::SecurityContactId,
            Field::TechnicalContactId,
            Field::LegalContactId,
            Field::PhoneNumber,
            Field::DeletedAt,
        ] {
            self.set(field, Cell::Null);
        }
        let created = between(random, FIRST, TWO_YEARS_AGO - 30 * DAY);
        let updated = between(random, created, TWO_YEARS_AGO);
        self.set_time(Field::CreatedAt, created);
        self.set_time(Field::UpdatedAt, updated);
        for rule in SIXTEEN {
            self.finding(rule, Reason::Violated);
        }
    }

    fn finding(&mut self, rule: &'static str, reason: Reason) {
        self.findings.push((rule, reason));
    }

    /// Takes the value away; gives the reason that a rule about it then has.
    fn lack(&mut self, field: Field, cell: Cell) -> Reason {
        self.set(field, cell);
        match cell {
            Cell::Missing => Reason::Missing,
            Cell::Null => Reason::Null,
            Cell::Flag(_) | Cell::Digit(_) | Cell::Text(..) => Reason::Empty,
        }
    }

    fn set(&mut self, field: Field, cell: Cell) {
        self.cells[field as usize] = cell;
    }

    fn set_text(&mut self, field: Field, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(&mut self.text);
        self.set(field, Cell::Text(start, self.text.len()));
    }

    fn set_word(&mut self, field: Field, word: &str) {
        self.set_text(field, |out| out.push_str(word));
    }

    fn set_id(&mut self, field: Field, random: &mut Random) {
        self.set_text(field, |out| random.id(out));
    }

    fn set_flag(&mut self, field: Field, flag: bool) {
        match self.flags {
            Flags::Boolean => self.set(field, Cell::Flag(flag)),
            Flags::Digit => self.set(field, Cell::Digit(flag)),
            Flags::Word(words) => self.set_word(field, words[usize::from(flag)]),
        }
    }

    fn set_time(&mut self, field: Field, seconds: i64) {
        let times = self.times;
        self.set_text(field, |out| time(out, times, seconds));
    }
}

/// An instant from `start` up to, but without, `end`.
fn between(random: &mut Random, start: i64, end: i64) -> i64 {
    let span = u32::try_from(end - start).unwrap_or(0);
    start + i64::from(random.below(span.max(1)))
}

fn time(out: &mut String, times: Times, seconds: i64) {
    let (ahead, separator, zone) = match times {
        Times::Zulu => (0, 'T', "Z"),
        Times::Milliseconds => (0, 'T', ".000Z"),
        Times::Offset => (0, 'T', "+00:00"),
        Times::Blank => (0, ' ', "+00"),
        Times::East => (2 * 3600, 'T', "+02:00"),
    };
    let Some(instant) = DateTime::from_timestamp(seconds + ahead, 0) else {
        return;
    };
    padded(out, instant.year().unsigned_abs(), 4);
    for (before, number) in [
        ('-', instant.month()),
        ('-', instant.day()),
        (separator, instant.hour()),
        (':', instant.minute()),
        (':', instant.second()),
    ] {
        out.push(before);
        padded(out, number, 2);
    }
    out.push_str(zone);
}

fn name(random: &mut Random, out: &mut String) {
    match random.below(1000) {
        0..60 => out.push_str(random.pick(&FOREIGN)),
        60..75 => out.push_str(random.pick(&AWKWARD)),
        _ => {
            out.push_str(random.pick(&FIRST_WORDS));
            out.push(' ');
            out.push_str(random.pick(&SECOND_WORDS));
        }
    }
    out.push_str(random.pick(&LEGAL_FORMS));
}

fn purchase_order(random: &mut Random, out: &mut String) {
    out.push_str("PO-");
    decimal(out, 2012 + random.below(14));
    out.push('-');
    padded(out, random.below(1_000_000), 6);
}

/// The numbers that are set aside for fiction.
fn phone(random: &mut Random, out: &mut String) {
    out.push_str("+1-");
    decimal(out, 201 + random.below(780));
    out.push_str("-555-01");
    padded(out, random.below(100), 2);
}

fn address(random: &mut Random, out: &mut String) {
    decimal(out, 1 + random.below(2400));
    out.push(' ');
    out.push_str(random.pick(&STREETS));
    // An address as it is written on a letter.
    let separator = if random.chance(60) { "\n" } else { ", " };
    if random.chance(200) {
        out.push_str(separator);
        out.push_str("Floor ");
        decimal(out, 1 + random.below(40));
    }
    out.push_str(separator);
    out.push_str(random.pick(&TOWNS));
    out.push(' ');
    padded(out, random.below(100_000), 5);
}

const FIRST_WORDS: [&str; 40] = [
    "Northwind",
    "Harbor",
    "Blue Ridge",
    "Silver Lake",
    "Evergreen",
    "Granite",
    "Lighthouse",
    "Copper Hill",
    "Redwood",
    "Sunrise",
    "Ironbridge",
    "Maple Leaf",
    "Prairie",
    "Clearwater",
    "Kestrel",
    "Summit",
    "Oak & Ash",
    "Riverside",
    "Golden Gate",
    "Polaris",
    "Meridian",
    "Aurora",
    "Cobalt",
    "Juniper",
    "Westfield",
    "Atlas",
    "Beacon",
    "Cedar",
    "Delta",
    "Falcon",
    "Glacier",
    "Horizon",
    "Indigo",
    "Keystone",
    "Lakeview",
    "Monarch",
    "Nimbus",
    "Orchard",
    "Pinnacle",
    "Quarry",
];

const SECOND_WORDS: [&str; 30] = [
    "Outfitters",
    "Analytics",
    "Media",
    "Logistics",
    "Software",
    "Health",
    "Publishing",
    "Travel",
    "Robotics",
    "Foods",
    "Insurance",
    "Games",
    "Pharma",
    "Retail",
    "Energy",
    "Studios",
    "Telecom",
    "Motors",
    "Airlines",
    "Payments",
    "Education",
    "Security",
    "Streaming",
    "Furniture",
    "Sports",
    "Textiles",
    "Instruments",
    "Broadcasting",
    "Ventures",
    "Marketplace",
];

const LEGAL_FORMS: [&str; 10] = [
    " Inc.", ", Inc.", " Ltd", " LLC", " GmbH", " SA", " BV", " Pty Ltd", " AB", "",
];

const FOREIGN: [&str; 14] = [
    "Müller & Söhne",
    "Société du Lac",
    "Crème Brûlée",
    "Żółta Łódź",
    "Ñandú Viajes",
    "Größe Maschinenbau",
    "Åkesson Möbler",
    "Čistá Voda",
    "株式会社みどり",
    "Северный Ветер",
    "Ελιά Τρόφιμα",
    "İstanbul Dokuma",
    "Café 🚀 Labs",
    "서울 소프트",
];

const AWKWARD: [&str; 8] = [
    "The \"Original\" Bakery",
    "C:\\Tools",
    "O'Neil \"Sons\"",
    "=Accumulator Analytics",
    "@Home Living",
    "Rock / Paper / Scissors",
    "Tab\tulate",
    "-Minus Design",
];

const STREETS: [&str; 20] = [
    "Elm Street",
    "Example Way",
    "Harbor Road",
    "King's Lane",
    "Station Road",
    "Mill Street",
    "High Street",
    "Park Avenue",
    "Rue du Marché",
    "Hauptstraße",
    "Via Roma",
    "Calle Mayor",
    "Church Lane",
    "Bridge Street",
    "Market Square",
    "Lake Drive",
    "Old Mill Road",
    "Ocean Avenue",
    "Industrial Parkway",
    "Sunset Boulevard",
];

const TOWNS: [&str; 20] = [
    "Springfield",
    "Riverton",
    "Fairview",
    "Lakeside",
    "Georgetown",
    "Arlington",
    "Ashland",
    "Burlington",
    "Clayton",
    "Dover",
    "Exampleville",
    "Franklin",
    "Greenville",
    "Hudson",
    "Jackson",
    "Kingston",
    "Lebanon",
    "Madison",
    "Newport",
    "Oakland",
];
