// Opens report pages in a browser and tries what people do with them.
//
//   node browser.mjs [--text TEXT]... [--shots FOLDER] PAGE.html...
//
// Exits 1 if anything is amiss, and says what. `--text` is text from the data
// that must be seen as it stands, such as a customer called `<img …>`. The
// browser is `chromium`, or what CHROMIUM names.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const HERE = dirname(fileURLToPath(import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// WCAG 2.2 AA, and what axe holds to be good practice.
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
const RANK = { critical: 4, high: 3, medium: 2, low: 1, info: 0 };

const { values: options, positionals: pages } = parseArgs({
  allowPositionals: true,
  options: {
    text: { type: "string", multiple: true, default: [] },
    shots: { type: "string" },
  },
});
if (!pages.length) {
  console.error("node browser.mjs [--text TEXT]... [--shots FOLDER] PAGE.html...");
  process.exit(2);
}

let failures = 0;
let about = "";
const check = (ok, what, more = "") => {
  if (ok) return;
  failures += 1;
  console.error(`FAIL ${about}: ${what}${more === "" ? "" : `: ${more}`}`);
};
const same = (found, wanted, what) =>
  check(Object.is(found, wanted), what, `found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // Builds run as root, where the sandbox does not.
  args: ["--no-sandbox"],
});

/** Opens a page and watches what it does that it should not. */
async function open(url, how = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
    ...how,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) check(false, "console", message.text());
  });
  page.on("pageerror", (error) => check(false, "error in the script", error.message));
  page.on("dialog", (dialog) => {
    check(false, "a dialog appeared", dialog.message());
    dialog.dismiss();
  });
  page.on("request", (request) => {
    const asked = request.url();
    check(asked === url || asked.startsWith("data:"), "something was fetched", asked.slice(0, 200));
  });
  await page.goto(url);
  return page;
}

const words = (text) => text.replace(/\s+/g, " ").trim();
const number = (text) => Number(text.replaceAll(",", ""));
/** `12 of 169 findings` is 12. */
const told = async (page) => number((await page.textContent("#count")).split(" ")[0]);

/** The rows as they stand in the file: what the script is judged by. */
async function rowsWithoutScript(url) {
  const page = await open(url, { javaScriptEnabled: false });
  const rows = await page.$$eval("table.findings tbody tr", (rows) =>
    rows.map((row) => ({
      severity: row.cells[0].textContent.trim(),
      status: row.cells[1].firstElementChild.classList[1],
      rule: row.cells[2].querySelector("a")?.hash.slice(1) ?? "",
      customer: row.cells[3].textContent.replace(/\s+/g, " ").trim(),
      text: row.textContent.replace(/\s+/g, " ").trim(),
    })),
  );
  const found = {
    rows,
    sections: await page.$$eval("main h2", (all) => all.map((it) => it.textContent)),
    controls: rows.length > 0 && (await page.isVisible("#filters")),
    deadButtons: await page.$$eval("button", (all) => all.filter((it) => it.checkVisibility()).length),
    elements: await page.$$eval("img, iframe, object, embed, form, base, link:not([rel=icon]), script", (all) =>
      all.map((it) => it.localName),
    ),
    // Without the script the page must hold all the same words.
    text: words(await page.textContent("body")),
  };
  await page.context().close();
  return found;
}

/** No element, attribute or address that data could have made. */
async function tryInjection(page, texts) {
  const elements = await page.$$eval("img, iframe, object, embed, form, base, audio, video, foreignObject", (all) =>
    all.map((it) => it.outerHTML.slice(0, 120)),
  );
  check(elements.length === 0, "elements that the page should not have", elements.join(" "));
  const attributes = await page.$$eval("*", (all) =>
    all.flatMap((it) =>
      [...it.attributes]
        .filter((at) => /^on/i.test(at.name) || at.name === "style")
        .map((at) => `${it.localName} ${at.name}`),
    ),
  );
  check(attributes.length === 0, "inline handlers or styles", attributes.join(", "));
  const links = await page.$$eval("[href], [src], [action]", (all) => all.map((it) => it.getAttribute("href") ?? ""));
  const odd = links.filter((link) => !/^#[a-z]+(-\d+)?$/.test(link) && link !== "data:,");
  check(odd.length === 0, "links that leave the page", odd.join(" "));
  same(await page.locator("script").count(), 1, "number of scripts");
  const body = await page.textContent("body");
  for (const text of texts) check(body.includes(text), "text is not seen as it stands", text);
}

async function tryAxe(page, where) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate((tags) => {
    const runOnly = { type: "tag", values: tags };
    return globalThis.axe.run(document, { preload: false, runOnly });
  }, AXE_TAGS);
  for (const violation of violations) {
    const nodes = violation.nodes.slice(0, 4).map((node) => `${node.target} ${node.any[0]?.message ?? ""}`);
    check(false, `axe, ${where}: ${violation.id} (${violation.help})`, `${violation.nodes.length} × ${nodes.join(" | ")}`);
  }
}

/** Every search and filter against the rows of the file. */
async function tryFilters(page, rows) {
  const all = rows.length;
  same(await told(page), all, "count before any filter");
  const searched = (text) => {
    const asked = text.toLowerCase().split(/\s+/).filter(Boolean);
    return rows.filter((row) => asked.every((word) => row.text.toLowerCase().includes(word))).length;
  };
  const middle = rows[all >> 1];
  const searches = ["false", "EXPECTED true", "<img", '"\'><script>', "no such thing ¿", middle.customer, middle.text.slice(-32)];
  for (const text of searches) {
    await page.fill("#search", text);
    same(await told(page), searched(text), `count for the search ${JSON.stringify(text)}`);
    const shown = await page.locator("table.findings tbody tr:not(.none, .show-more)").count();
    check(shown === Math.min(searched(text), shown) && (searched(text) === 0) === (shown === 0), `rows shown for ${text}`, shown);
  }
  await page.fill("#search", "no such thing ¿");
  check(await page.isVisible("tr.none"), "nothing is said when nothing matches");
  await page.click("#clear");
  same(await told(page), all, "count after clear");

  for (const [select, key] of [["#by-severity", "severity"], ["#by-status", "status"]]) {
    for (const value of await page.$$eval(`${select} option`, (all) => all.map((it) => it.value))) {
      await page.selectOption(select, value);
      const wanted = rows.filter((row) => !value || row[key] === value).length;
      same(await told(page), wanted, `count for ${key} ${value || "all"}`);
    }
    await page.selectOption(select, "");
  }
  const sets = await page.$$eval("#by-rule optgroup", (sets) =>
    sets.map((set) => [...set.querySelectorAll("option")].map((it) => it.value)),
  );
  for (const [policy, ...rules] of sets) {
    await page.selectOption("#by-rule", policy);
    same(await told(page), rows.filter((row) => rules.includes(row.rule)).length, `count for ${policy}`);
    for (const rule of rules) {
      await page.selectOption("#by-rule", rule);
      same(await told(page), rows.filter((row) => row.rule === rule).length, `count for ${rule}`);
    }
  }
  // Together they narrow.
  await page.selectOption("#by-rule", sets[0][0]);
  await page.selectOption("#by-severity", "high");
  await page.fill("#search", "false");
  const wanted = rows.filter(
    (row) => sets[0].includes(row.rule) && row.severity === "high" && row.text.toLowerCase().includes("false"),
  ).length;
  same(await told(page), wanted, "count for policy, severity and search together");
  await page.click("#clear");

  const link = page.locator("a[data-severity]").first();
  const severity = await link.getAttribute("data-severity");
  await link.click();
  same(await told(page), rows.filter((row) => row.severity === severity).length, `count behind the link of ${severity}`);
  await page.click("#clear");
}

/** Each column both ways, with keys only. */
async function trySorting(page) {
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const heads = page.locator("table.findings thead th");
  for (let at = 0; at < (await heads.count()); at += 1) {
    const head = heads.nth(at);
    const name = await head.textContent();
    const seen = [];
    for (const press of ["Enter", "Space"]) {
      await head.locator("button").focus();
      await page.keyboard.press(press);
      const way = await head.getAttribute("aria-sort");
      seen.push(way);
      same(await page.locator("th[aria-sort]").count(), 1, "columns said to be sorted");
      const cells = await page.$$eval(
        "table.findings tbody tr:not(.group, .show-more)",
        (rows, at) => rows.map((row) => row.cells[at].textContent.replace(/\s+/g, " ").trim()),
        at,
      );
      const place = (text) => Number(/^record (\d+)/.exec(text)?.[1] ?? 0);
      const order = (a, b) =>
        at === 0 ? RANK[a] - RANK[b] : at === 5 ? place(a) - place(b) : compare(a, b);
      const sign = way === "descending" ? -1 : 1;
      const wrong = cells.findIndex((cell, i) => i > 0 && sign * order(cells[i - 1], cell) > 0);
      check(wrong === -1, `order of ${name}, ${way}`, `${cells[wrong - 1]} before ${cells[wrong]}`);
    }
    check(new Set(seen).size === 2 && !seen.includes(null), `${name} sorts both ways`, seen.join());
  }
  await heads.nth(0).locator("button").click();
}

async function tryGroups(page, rows) {
  for (const by of ["rule", "customer"]) {
    await page.selectOption("#group", by);
    if (await page.isVisible("#more")) await page.click("#more button");
    const many = await page.$$eval("tr.group .many", (all) => all.map((it) => it.textContent.split(" ")[0]));
    same(many.map(number).reduce((a, b) => a + b, 0), rows.length, `findings in the groups by ${by}`);
    const wanted = by === "rule" ? new Set(rows.map((row) => row.rule)).size : many.length;
    same(many.length, wanted, `groups by ${by}`);
    const button = page.locator("tr.group button").first();
    const before = await button.getAttribute("aria-expanded");
    await button.focus();
    await page.keyboard.press("Enter");
    check(before !== (await button.getAttribute("aria-expanded")), `a group by ${by} opens and closes by key`);
    check(await button.evaluate((it) => it === document.activeElement), "the focus stays on the group");
  }
  await page.selectOption("#group", "");
}

/** The filters of controls with keys only: what is shown is what has the status or the word. */
async function tryControls(page) {
  if (!(await page.locator("#control-filters").count())) return 0;
  const rows = await page.$$eval(".framework tbody tr", (rows) =>
    rows.map((row) => ({
      status: row.querySelector(".cs").classList[1],
      framework: row.closest(".framework").id,
      text: row.textContent.replace(/\s+/g, " ").trim().toLowerCase(),
    })),
  );
  const seen = async (wanted, what) => {
    const shown = await page.$$eval(".framework tbody tr", (all) => all.filter((it) => it.checkVisibility()).length);
    same(shown, wanted, `controls shown for ${what}`);
    const told = (await page.textContent("#control-count")).split(" ")[0];
    same(number(told), wanted, `controls counted for ${what}`);
    same(await page.isVisible("#control-none"), wanted === 0, `what is said for ${what}`);
  };
  await seen(rows.length, "no filter");
  await page.focus("#control-search");
  for (const [select, key] of [["#control-framework", "framework"], ["#control-status", "status"]]) {
    await page.keyboard.press("Tab");
    check(await page.locator(select).evaluate((it) => it === document.activeElement), `Tab leads to ${select}`);
    const values = await page.$$eval(`${select} option`, (all) => all.map((it) => it.value));
    for (const value of values.slice(1)) {
      await page.keyboard.press("ArrowDown");
      same(await page.inputValue(select), value, `the arrow in ${select}`);
      await seen(rows.filter((row) => row[key] === value).length, value);
    }
    await page.keyboard.press("Home");
    await seen(rows.length, `all in ${select}`);
  }
  await page.focus("#control-search");
  const word = rows[rows.length >> 1].text.split(" ")[0];
  await page.keyboard.type(word);
  await seen(rows.filter((row) => row.text.includes(word)).length, `the word ${word}`);
  await page.keyboard.type(" no such thing");
  await seen(0, "what no control has");
  await page.focus("#control-clear");
  await page.keyboard.press("Enter");
  await seen(rows.length, "clear");
  return rows.length;
}

/** The filters of findings with keys only. */
async function tryFilterKeys(page, rows) {
  await page.focus("#search");
  for (const [select, key] of [["#by-severity", "severity"], ["#by-status", "status"]]) {
    await page.keyboard.press("Tab");
    check(await page.locator(select).evaluate((it) => it === document.activeElement), `Tab leads to ${select}`);
    await page.keyboard.press("ArrowDown");
    const value = await page.inputValue(select);
    same(await told(page), rows.filter((row) => row[key] === value).length, `count for ${value} by key`);
    await page.keyboard.press("Home");
  }
  await page.focus("#clear");
  await page.keyboard.press("Enter");
  same(await told(page), rows.length, "count after clear by key");
}

// The most findings of a page that is printed.
const MAX_PRINTED = 1000;

/** How long a page takes from its address to the first time that it can be used. */
async function timeToOpen(url) {
  let best = Infinity;
  // The machine may be busy with something else: the best of some counts, and nothing fails.
  for (let tries = 0; tries < 2; tries += 1) {
    const page = await open(url);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
    best = Math.min(best, await page.evaluate(() => performance.now()));
    await page.context().close();
  }
  return best;
}

/** How long a filter takes until the page is laid out again, in milliseconds. */
async function time(page) {
  return page.evaluate(() => {
    const search = document.getElementById("search");
    const took = [];
    for (const text of ["f", "fa", "fal", "false", "no such thing", ""]) {
      const start = performance.now();
      search.value = text;
      search.dispatchEvent(new Event("input"));
      document.body.offsetHeight;
      took.push(performance.now() - start);
    }
    const severity = document.getElementById("by-severity");
    for (const value of ["high", ""]) {
      const start = performance.now();
      severity.value = value;
      severity.dispatchEvent(new Event("change"));
      document.body.offsetHeight;
      took.push(performance.now() - start);
    }
    return Math.max(...took);
  });
}

async function tryPrint(page, rows) {
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  same(await page.locator("details:not([open])").count(), 0, "details that are closed on paper");
  for (const hidden of ["nav", "#filters", "#control-filters", "#more"]) {
    const control = page.locator(hidden);
    check((await control.count()) === 0 || !(await control.isVisible()), "a control on paper", hidden);
  }
  if (rows.length) same(await page.locator("table.findings tbody tr").count(), rows.length, "rows on paper");
  // As wide as an A4 page between its margins: nothing may reach over the edge, or be cut
  // where it scrolls on a screen.
  await page.setViewportSize({ width: 703, height: 1040 });
  const cut = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const all = [...document.querySelectorAll("body *")].filter((it) => it.checkVisibility());
    const words = (it) => `${it.localName}.${it.className} ${it.textContent.slice(0, 40)}`;
    const isHidden = (it) => it.closest(".quiet, .defs, .skip, svg");
    const over = all.filter((it) => !isHidden(it) && it.getBoundingClientRect().right > width + 1);
    const scrolls = all.filter((it) => {
      const style = getComputedStyle(it);
      const clips = /hidden|auto|scroll|clip/.test(`${style.overflowX} ${style.overflowY}`);
      return !isHidden(it) && clips && (it.scrollHeight > it.clientHeight + 1 || it.scrollWidth > it.clientWidth + 1);
    });
    return [...over, ...scrolls].slice(0, 5).map(words);
  });
  check(cut.length === 0, "cut on paper", cut.join(" | "));
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await page.emulateMedia({ media: "screen" });
}

/** Prints as people do, and reads what is on the pages with pypdfium2: they are A4, and every
 *  finding, control and rule is on one of them. */
async function tryPaper(url) {
  const page = await open(url);
  const wanted = await page.evaluate(() => {
    const texts = (selector) => [...document.querySelectorAll(selector)].map((it) => it.textContent);
    return [
      ...texts(".control-rows tbody th bdi"),
      ...texts("details.rule .name code"),
      ...texts("details.rule .digest"),
    ];
  });
  const pdf = join(mkdtempSync(join(tmpdir(), "paper-")), "page.pdf");
  await page.pdf({ path: pdf, preferCSSPageSize: true, printBackground: true });
  await page.context().close();
  const plain = await open(url, { javaScriptEnabled: false });
  const last = "table.findings tbody td:nth-child(6) code";
  const fingerprints = await plain.$$eval(last, (all) => all.map((it) => it.textContent));
  await plain.context().close();
  const read = spawnSync(process.env.PYTHON ?? "python3", [join(HERE, "paper.py"), pdf], { maxBuffer: 1 << 28 });
  if (read.status !== 0) {
    check(false, "the paper cannot be read", String(read.stderr));
    return 0;
  }
  const { pages, text } = JSON.parse(read.stdout);
  const odd = pages.findIndex(({ width, height }) => Math.abs(width - 595) > 2 || Math.abs(height - 842) > 2);
  check(odd === -1, `page ${odd + 1} is not A4`, JSON.stringify(pages[odd]));
  const squeezed = (it) => it.replace(/[\s\u00ad\ufffe\u0002-]+/g, "");
  const all = squeezed(text);
  const missing = [...wanted, ...fingerprints].filter((it) => !all.includes(squeezed(it)));
  const heads = all.split("SeverityStatusRuleCustomerEvidenceWhere").length - 1;
  check(fingerprints.length < 60 || heads > 1, "the head of the findings is on each of their pages", heads);
  check(missing.length === 0, `${missing.length} texts are not on paper`, missing.slice(0, 5).join(" | "));
  return pages.length;
}

async function tryKeyboard(page) {
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Tab");
  check(await page.locator(".skip").evaluate((it) => it === document.activeElement), "the first stop is the skip link");
  check(await page.locator(".skip").isVisible(), "the skip link is seen when it has the focus");
  await page.keyboard.press("Enter");
  check(await page.locator("main").evaluate((it) => it === document.activeElement), "the skip link leads to the report");
}

/** The page's own policy refuses a script that is not the page's own. */
async function tryPolicy(url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.ran = true";
    document.body.append(script);
    return globalThis.ran === true;
  });
  check(!ran, "a foreign script ran");
  await context.close();
}

async function tryWidths(url) {
  for (const width of [400, 320, 375, 768, 1024, 1280, 1600]) {
    const page = await open(url, { viewport: { width, height: 800 } });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    check(wide <= width, `scrolls sideways at ${width} pixels`, `${wide} pixels wide`);
    if (width === 400 || width === 1600) await tryAxe(page, `${width} pixels`);
    await page.context().close();
  }
}

async function shoot(url, name) {
  mkdirSync(options.shots, { recursive: true });
  for (const [kind, how] of [
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["narrow", { viewport: { width: 375, height: 800 } }],
  ]) {
    const page = await open(url, how);
    await page.screenshot({ path: join(options.shots, `${name}-${kind}.png`), fullPage: true });
    if (kind === "light") {
      await page.pdf({ path: join(options.shots, `${name}-print.pdf`), format: "A4", preferCSSPageSize: true });
    }
    await page.context().close();
  }
}

async function tryPage(path) {
  const url = pathToFileURL(resolve(path)).href;
  const plain = await rowsWithoutScript(url);
  check(!plain.controls && plain.deadButtons === 0, "controls without a script that runs them");
  same(plain.elements.filter((it) => it !== "script").length, 0, "elements without script");
  check(plain.sections.length >= 6, "sections without script", plain.sections.join());

  const page = await open(url, { colorScheme: "light" });
  await tryInjection(page, options.text);
  const title = await page.title();
  const verdict = await page.textContent("h1");
  check(title.startsWith(verdict), "the title tells the verdict", title);
  await tryKeyboard(page);
  await tryAxe(page, "light");
  const controls = await tryControls(page);
  let slowest = 0;
  if (plain.rows.length) {
    await tryFilters(page, plain.rows);
    await tryFilterKeys(page, plain.rows);
    await trySorting(page);
    await tryGroups(page, plain.rows);
    slowest = await time(page);
    // How fast the machine is today is no matter of right and wrong.
    console.log(`${about}: the slowest filter took ${slowest.toFixed()} ms`);
    await tryInjection(page, options.text);
    await page.selectOption("#group", "rule");
    await tryAxe(page, "grouped");
    await page.selectOption("#group", "");
  }
  await tryPrint(page, plain.rows);
  await page.context().close();
  // Hundreds of pages of the same rows show no more than a few.
  const paper = plain.rows.length > MAX_PRINTED ? "untried" : await tryPaper(url);

  const dark = await open(url, { colorScheme: "dark" });
  await tryAxe(dark, "dark");
  await dark.context().close();
  await tryWidths(url);
  await tryPolicy(url);
  if (options.shots) await shoot(url, about.replace(/\.html$/, ""));
  const opened = await timeToOpen(url);
  const rows = `${plain.rows.length} rows, ${controls} controls`;
  const times = `opened in ${opened.toFixed()} ms, slowest filter ${slowest.toFixed()} ms`;
  console.log(`${about}: ${verdict}, ${rows}, ${paper} pages of paper, ${times}`);
}

for (const path of pages) {
  about = basename(path);
  // What cannot be tried at all is a failure like any other.
  await tryPage(path).catch((error) => check(false, "stopped", error.message.split("\n", 1)[0]));
}
await browser.close();
if (failures) console.error(`${failures} ${failures === 1 ? "check has" : "checks have"} failed`);
process.exit(failures ? 1 : 0);
