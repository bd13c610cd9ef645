"""Says what is on the pages of a PDF: their sizes in points, and all text, as JSON."""

import json
import sys

import pypdfium2

pages, text = [], []
for page in pypdfium2.PdfDocument(sys.argv[1]):
    width, height = page.get_size()
    pages.append({"width": width, "height": height})
    text.append(page.get_textpage().get_text_bounded())
json.dump({"pages": pages, "text": "\n".join(text)}, sys.stdout)
