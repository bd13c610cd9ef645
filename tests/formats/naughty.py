"""Exports that try every reader, the policies that make all of them findings,
and canaries: values that no report may tell."""

import json
import random
import string

# The text fields that are shown; `id` and `name` stand in every finding.
SHOWN = [
    "name",
    "ownerId",
    "billingContactId",
    "legalContactId",
    "securityContactId",
    "technicalContactId",
    "billingNetworkType",
    "billingRef",
    "pricingPlan",
    "pricingPlanId",
]
PERSONAL = ["phoneNumber", "postalAddress"]

CONTROLS = [f"c0 {code:02x} {chr(code)} end" for code in range(0x20)]
CONTROLS += [f"c1 {code:02x} {chr(code)} end" for code in (0x7F, 0x80, 0x85, 0x8D, 0x90, 0x9B, 0x9D)]

HIDDEN = [
    "\u202eevil\u202c",
    "iso\u2066lated\u2069",
    "\u200fmark\u061c",
    "zero\u200bwidth\u200d\u2060joined",
    "\ufeffmark of order",
    "soft\u00adhyphen",
    "line\u2028and\u2029paragraph",
    "tag\U000e0041\U000e007f",
    "inter\ufff9linear\ufffa\ufffb",
    "no character \uffff",
    "no character \ufffe",
    "no character \U0001fffe",
    "replaced \ufffd",
]

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    '=HYPERLINK("http://x.example","y")',
    "=cmd|' /C calc'!A0",
    "'=1+1",
    "_x0041_ and _x000D_",
    "1e9",
    "007",
    "2026-12-01",
    "TRUE",
    "#VALUE!", # `#N/A` is a word for nothing, and read as null
]

MARKUP = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "</td></tr></table><h1>x</h1>",
    "</style></svg>",
    "]]>",
    "<![CDATA[x]]>",
    "<!-- x",
    "-->",
    "<?xml version='1.0'?>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/hostname'>]>&e;",
    "&amp; &lt; &#64; &#x41; &nbsp;",
    "\"double\" 'single' `back`",
    '" onmouseover="alert(1)',
    "javascript:alert(1)",
]

MARKDOWN = [
    "[a](http://x.example)",
    "![i](http://x.example/i.png)",
    "[a]: http://x.example",
    "<http://x.example>",
    "http://x.example/y?z=1&w=2",
    "www.x.example",
    "ftp://x.example",
    "mail a@x.example",
    "a|b||c\\|d\\\\|e",
    "|---|",
    "`a` ``b`` ```",
    "```\nfence",
    "    indented",
    "# h",
    "- l",
    "1. l",
    "> q",
    "---",
    "===",
    "@everyone",
    "@octo-team/all (@b) #1 GH-2",
    "<b>bold</b>",
    "*a* **b** _c_ __d__ ~~e~~",
    "a  \nb",
    "<details><summary>x</summary>",
    "[x] [ ] [^1]",
    ":tada: $x$ {{< y >}}",
]

TEMPLATES = [
    "{{ 7*7 }}",
    "{% x %}",
    "${x}",
    "$(x)",
    "%s %d %n",
    "{0} {1}",
    "{",
    "}",
    "\\",
    "a\\",
    "\\n \\u0041 \\u{202e}",
    "C:\\new\\table",
    "a\r\nb\n\nc",
    "a,b;c\td",
    '"',
    '""',
    '"a","b"',
    "'",
    "../../etc/passwd",
    "~",
    "%00%0a",
    "nullable",
    "[redacted]",
    "[missing]",
]

SCRIPTS = [
    "\U0001f600 \U0001f469\u200d\U0001f4bb \U0001f1eb\U0001f1f7",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "e\u0301 n\u0303 Z\u0351\u036b\u0343\u036a",
    "\u682a\u5f0f\u4f1a\u793e",
    "\uff1d1+1 \uff20x",
    "\u0130\u0131\u00df\u017f",
    " leading and trailing ",
    "two  blanks",
    "\u00a0no\u00a0break\u3000wide",
]

LONG = [
    "x" * 4096,
    "x" * 4097,
    "y" * 70_000,
    "\u00e9|" * 5_000,
    "<&\"'`" * 2_000,
    "z " * 40_000,
]

STRINGS = CONTROLS + HIDDEN + FORMULAS + MARKUP + MARKDOWN + TEMPLATES + SCRIPTS + LONG

# Half a surrogate pair cannot be written as a string: these are the escapes.
HALVES = ["\\ud800", "a\\udfffb", "\\ud83d\\ud83d"]


def record(text):
    """A customer who has this text wherever a text can be."""
    return {"id": text, **{field: text for field in SHOWN}}


def lines(texts):
    return "".join(json.dumps(record(text)) + "\n" for text in texts)


def half_lines():
    """Customers with half a surrogate pair in one field each, else plain."""
    written = []
    for half in HALVES:
        for field in ["id", *SHOWN]:
            plain = json.dumps({**record("plain"), "id": f"half-{field}", field: "HALF"})
            written.append(plain.replace("HALF", half) + "\n")
    return "".join(written)


def policy(name, fields):
    """A policy that no text in these fields meets."""
    rules = [f'[policy]\nid = "{name}"\ntitle = "Nothing may be said"\n']
    for field in fields:
        rules.append(
            f"""
[[rule]]
id = "{field}-is-short"
title = "{field} is as short as can be"
severity = "low"
remediation = "Make it shorter."
references = ["Nothing 1: 1 (direct)"]
require.{field} = {{ max-length = 0 }}
"""
        )
    return "".join(rules)


def policy_of_all(name):
    """A policy with one rule, whose findings show every field at once."""
    fields = ", ".join(f"{{ {field} = {{ max-length = 0 }} }}" for field in SHOWN)
    return f"""[policy]
id = "{name}"

[[rule]]
id = "all-are-short"
severity = "critical"
require.all = [{fields}]
"""


# What is cut off, has no field or is not read is shown to nobody.
NEVER_TOLD = ("the end of", "a key", "a record", "a list", "an object")


class Canaries:
    """Values that must not be told, each found nowhere else."""

    def __init__(self):
        self.all = {}
        # The same every time, so that a failure can be looked at again.
        self.random = random.Random(1)

    def letters(self, number):
        return "".join(self.random.choices(string.ascii_letters + string.digits, k=number))

    def plain(self, where):
        return self._plant(where, "CANARY" + self.letters(24))

    def token(self, where):
        return self._plant(where, "ghp_" + self.letters(36))

    def _plant(self, where, canary):
        self.all[canary] = where
        return canary


def sensitive(canaries):
    """An export in which canaries stand in every way that is known, and its policy.
    None stands in an id: a finding is told by it, whatever it looks like."""
    plain = {"id": "plain", **{field: "x" for field in SHOWN + PERSONAL}}
    records = []

    def plant(where, **values):
        records.append(json.dumps({**plain, "id": f"c{len(records)}", **values}))

    for field in PERSONAL:
        plant(field, **{field: canaries.plain(field)})
        plant(field, **{field: [canaries.plain(f"a list in {field}")]})
        plant(field, **{field: {"a": canaries.plain(f"an object in {field}")}})
        plant(field, **{field: "x" * 5_000 + canaries.plain(f"the end of a long {field}")})
        plant(field, **{field: canaries.plain(f"{field}, shared")})
        records.append(records[-1])
        twice = {field: canaries.plain(f"{field} of two"), field.upper(): canaries.plain(f"another {field}")}
        plant(field, **twice)
    for field in SHOWN:
        plant(field, **{field: canaries.token(field)})
        plant(field, **{field: f" (was {canaries.token(f'text around it in {field}')}) "})
        plant(field, **{field: "x" * 5_000 + canaries.token(f"the end of a long {field}")})
        plant(field, **{field: [canaries.token(f"a list in {field}")]})
        twice = {field: canaries.token(f"{field} of two"), field.upper(): "x"}
        plant(field, **twice)
    for field in ["force2fa", "createdAt", "ipWhitelist", "canResetPasswords"]:
        plant(field, **{field: canaries.token(field)})
    plant("apiToken", apiToken=canaries.plain("a field of the policy's own that is a secret by its name"))
    plant("ssn", ssn=canaries.plain("a key that is no field"))
    # Records that cannot be read: the cause must not quote them.
    for broken in ['"phoneNumber": "{}" "x": 1}}', '"phoneNumber": {}}}', '"phoneNumber": "{}\x01"}}']:
        records.append('{"id": "broken", ' + broken.format(canaries.plain("a record that cannot be read")))
    records.append('{"id": "cut", "name": "%s' % canaries.token("a record that is cut off"))

    fields = SHOWN + PERSONAL + ["apiToken"]
    rules = policy("sensitive", fields).replace("[[rule]]", '[fields]\napiToken = "text"\n\n[[rule]]', 1)
    for field in ["force2fa", "canResetPasswords"]:
        rules += f'\n[[rule]]\nid = "{field}"\nseverity = "high"\nrequire.{field} = true\n'
    rules += '\n[[rule]]\nid = "created"\nseverity = "high"\nrequire.createdAt = { older-than = "1d" }\n'
    rules += '\n[[rule]]\nid = "networks"\nseverity = "high"\nrequire.ipWhitelist = { any-address = false }\n'
    for field in PERSONAL + ["name"]:
        rules += f'\n[[aggregate]]\nid = "shared-{field}"\nseverity = "low"\nshared = {{ field = "{field}", more-than = 1 }}\n'
    return "\n".join(records), rules
