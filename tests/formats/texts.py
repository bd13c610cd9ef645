"""How reports may change a text: only in ways that are documented."""

import re

# The last two of each plane are characters in no text.
NONE = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
UNSAFE = re.compile(
    f"[{NONE}\ufdd0-\ufdef\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
SPELT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

MOST_CHARACTERS = 4096


def clean(text):
    """A text as reports for people show it: what steers or hides is spelt out."""
    return UNSAFE.sub(lambda found: SPELT.get(found[0]) or f"\\u{{{ord(found[0]):x}}}", text)


def cut(text):
    """A text as findings show it: a long one is cut, and says so."""
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]}… [{len(text)} characters]"


def defused(text):
    """A cell of a CSV report: what a spreadsheet would run has a quote before it."""
    cleaned = clean(text)
    return f"'{cleaned}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and text else cleaned


def canon(text):
    """What is compared. XML has no place for U+FFFE and U+FFFF, so that a report
    may spell them or put the mark of a replaced character there."""
    return re.sub(r"[\ufffd-\uffff]|\\u\{fff[d-f]\}", "\ufffd", clean(text))


def squeezed(text):
    """A text as markup keeps it: runs of blanks are one blank."""
    return re.sub(r"\s+", " ", text).strip()
