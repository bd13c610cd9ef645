//! Accounts that meet every rule of every shipped policy.

use serde_json::{Map, Value, json};

/// A record as the API sends it.
pub type Record = Map<String, Value>;

/// The fields that the API may send as null, with their keys.
pub const NULLABLE: [(&str, &str); 10] = [
    ("billingContactId", "billing_contact_id"),
    ("legalContactId", "legal_contact_id"),
    ("securityContactId", "security_contact_id"),
    ("technicalContactId", "technical_contact_id"),
    ("billingRef", "billing_ref"),
    ("postalAddress", "postal_address"),
    ("canConfigureWordpress", "can_configure_wordpress"),
    ("createdAt", "created_at"),
    ("updatedAt", "updated_at"),
    ("deletedAt", "deleted_at"),
];

/// How many of the accounts are live.
const LIVE: usize = 10;

const NAMES: [&str; LIVE + 2] = [
    "Harbour Lane Books",
    "Brightwater Media",
    "Ærø Fjærgå",
    "O'Neill & Söhne; Import, Export",
    "株式会社みなと",
    "The \"Weir\" Company",
    "Alder, Birch & Cedar",
    "Northern Tram",
    "Quay Street Bakers",
    "Zephyr Analytics",
    "Old Mill Radio",
    "Lanternfish",
];

/// Twelve accounts, of which the last two were deleted long ago, and cleared.
pub fn sound() -> Vec<Record> {
    (0..NAMES.len()).map(account).collect()
}

/// An id like those of the API.
fn id(of: &str, number: usize) -> String {
    format!("{of}{number:02}WbTn3ZrLmY7cVhJ2d")
}

fn account(number: usize) -> Record {
    let is_live = number < LIVE;
    let while_live = |value: Value| if is_live { value } else { Value::Null };
    let is_pci = number.is_multiple_of(2);
    let record = json!({
        "id": id("5xKq", number),
        "name": NAMES[number],
        "owner_id": id("1HqT", number),
        "billing_contact_id": id("6nVc", number),
        "legal_contact_id": id("3pLm", number),
        "security_contact_id": id("2zXc", number),
        "technical_contact_id": id("7yUi", number),
        "billing_network_type": if is_pci { "public" } else { "private" },
        "billing_ref": if number.is_multiple_of(3) { Value::Null } else { while_live("PO-20417".into()) },
        "pricing_plan": "customer",
        "pricing_plan_id": while_live(id("4kBC", number).into()),
        "phone_number": while_live(format!("+1-202-555-01{number:02}").into()),
        "postal_address": while_live(format!("{number} Quay Street, Eastmere").into()),
        "ip_whitelist": format!("93.184.216.0/28,198.41.{number}.7,146.75.{number}.*"),
        "force_2fa": true,
        "force_sso": true,
        "has_pci": is_pci,
        "has_pci_passwords": is_pci,
        "can_upload_vcl": false,
        "can_reset_passwords": !number.is_multiple_of(3),
        "can_configure_wordpress": false,
        "has_account_panel": true,
        "has_improved_events": true,
        "has_improved_ssl_config": false,
        "has_openstack_logging": false,
        "created_at": format!("20{:02}-03-04T10:20:30Z", 12 + number),
        "updated_at": match is_live {
            true => format!("2026-09-{:02}T08:00:00Z", 10 + number),
            false => "2024-05-31T23:59:59Z".to_owned(),
        },
        "deleted_at": if is_live { Value::Null } else { "2024-06-01T00:00:00Z".into() },
    });
    match record {
        Value::Object(record) => record,
        other => panic!("{other} is an object"),
    }
}
