// Search, filters, sorting and groups for the table of findings. The table in the
// page is the only data: without this script nothing is missing but comfort.
(() => {
  const RANK = { critical: 4, high: 3, medium: 2, low: 1, info: 0 };
  // Rows that a group shows at first, and groups that the table shows at first:
  // a browser is slow with ten thousand rows, and nobody reads them at once.
  const ROWS = 100;
  const GROUPS = 200;

  const wrapper = id("rows");
  if (!wrapper) return;

  const table = wrapper.querySelector("table");
  const heads = [...table.tHead.rows[0].cells];
  const inputs = {
    search: id("search"),
    severity: id("by-severity"),
    status: id("by-status"),
    state: id("by-state"),
    rule: id("by-rule"),
    group: id("group"),
  };
  // A run that is compared with no night before has no states.
  if (!inputs.state) delete inputs.state;
  const FILTERS = ["severity", "status", "state", "rule"].filter((name) => inputs[name]);
  const policyOf = {};
  for (const set of inputs.rule.querySelectorAll("optgroup")) {
    const [policy, ...rules] = set.querySelectorAll("option");
    for (const rule of rules) policyOf[rule.value] = policy.value;
  }

  // A row is read when somebody asks: ten thousand at once would keep the page waiting.
  class Row {
    constructor(row, at) {
      this.row = row;
      // The order of the page, so that equals stay as they were.
      this.at = at;
    }
    cell(at) {
      const cell = this.row.cells[at];
      return cell ? words(cell) : "";
    }
    get severity() {
      return this.cell(0);
    }
    get status() {
      return this.row.cells[1].firstElementChild.classList[1];
    }
    get states() {
      return [...this.row.querySelectorAll(".state, .overdue")].map(words);
    }
    get rule() {
      const link = this.row.cells[2].querySelector("a");
      return link ? link.hash.slice(1) : this.cell(2);
    }
    get customer() {
      return this.cell(3) === "[no id]" ? this.cell(5) : this.cell(3);
    }
    get text() {
      this.known ??= words(this.row).toLowerCase();
      return this.known;
    }
    key(column) {
      const text = this.cell(column);
      if (column === 0) return RANK[text];
      if (column === 5) return Number((/^record (\d+)/.exec(text) || [0, 0])[1]);
      return text;
    }
  }
  const rows = [...table.tBodies[0].rows].map((row, at) => new Row(row, at));

  // Which column the rows are sorted by; none, as long as they are in the order of the page.
  let column = inputs.state ? -1 : 0;
  let down = true;
  let limits = new Map();
  let closed = new Map();
  let groupLimit = GROUPS;
  let printing = false;

  const collator = new Intl.Collator("en", { numeric: true });
  const sort = () => {
    const sign = down ? -1 : 1;
    const compare = column === 0 || column === 5 ? (a, b) => a - b : collator.compare;
    const keys = new Map(rows.map((it) => [it, it.key(column)]));
    rows.sort((a, b) => sign * compare(keys.get(a), keys.get(b)) || a.at - b.at);
  };

  const narrowed = () => {
    const said = [];
    const search = inputs.search.value.trim();
    if (search) said.push(`search \u201c${search}\u201d`);
    for (const name of FILTERS) {
      const input = inputs[name];
      if (input.value) said.push(`${name} ${input.selectedOptions[0].textContent}`);
    }
    return said.join("; ");
  };

  const matches = () => {
    const asked = inputs.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const severity = inputs.severity.value;
    const status = inputs.status.value;
    const rule = inputs.rule.value;
    const state = inputs.state && inputs.state.value;
    return rows.filter(
      (it) =>
        (!severity || it.severity === severity) &&
        (!status || it.status === status) &&
        (!state || it.states.includes(state)) &&
        (!rule || it.rule === rule || policyOf[it.rule] === rule) &&
        asked.every((word) => it.text.includes(word)),
    );
  };

  // The name of a group is in the cell of its first row.
  const label = (it, by) => {
    const cell = it.row.cells[by === "rule" ? 2 : 3];
    const [name, detail] = [...cell.querySelectorAll("bdi, em")].map(words);
    const said = make("span", { className: "label" }, make("bdi", { textContent: name }));
    if (detail) said.append(" ", make("small", {}, make("bdi", { textContent: detail })));
    return said;
  };

  const moreRow = (left, key, first) => {
    const button = make("button", {
      type: "button",
      textContent: `Show ${number(Math.min(left, 5 * ROWS))} more of ${number(left)}`,
    });
    button.addEventListener("click", () => {
      limits.set(key, (limits.get(key) || ROWS) + 5 * ROWS);
      show();
      // The button is gone: go on where the new rows begin.
      (first.row.querySelector("a") || table).focus();
    });
    const row = make("tr", { className: "show-more" });
    row.append(make("td", { colSpan: heads.length }, button));
    return row;
  };

  const body = (key, group, by, open) => {
    const rowsOf = make("tbody", {});
    if (by) {
      const button = make("button", { type: "button" }, label(group[0], by));
      button.append(" ", make("span", { className: "many", textContent: count(group.length) }));
      button.setAttribute("aria-expanded", String(open));
      button.addEventListener("click", () => {
        closed.set(key, open);
        const next = body(key, group, by, !open);
        rowsOf.replaceWith(next);
        next.querySelector("button").focus();
      });
      const head = make("th", { colSpan: heads.length, scope: "rowgroup" }, button);
      rowsOf.append(make("tr", { className: "group" }, head));
    }
    if (!open) return rowsOf;
    const limit = printing ? group.length : limits.get(key) || ROWS;
    rowsOf.append(...group.slice(0, limit).map((it) => it.row));
    if (group.length > limit) rowsOf.append(moreRow(group.length - limit, key, group[limit]));
    return rowsOf;
  };

  const show = () => {
    const found = matches();
    const by = inputs.group.value;
    const groups = new Map();
    for (const it of found) {
      const key = by ? it[by] : "";
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(it);
    }
    // Few findings are shown at once; of many, the groups are an overview.
    const few = !by || found.length <= ROWS;
    const limit = printing ? groups.size : groupLimit;
    const bodies = [];
    for (const [key, group] of groups) {
      if (bodies.length === limit) break;
      const open = printing || (closed.has(key) ? !closed.get(key) : few);
      bodies.push(body(key, group, by, open));
    }
    if (!found.length) {
      const cell = make("td", { colSpan: heads.length, textContent: "No finding matches." });
      bodies.push(make("tbody", {}, make("tr", { className: "none" }, cell)));
    }
    for (const old of [...table.tBodies]) old.remove();
    table.append(...bodies);

    const left = groups.size - Math.min(groups.size, limit);
    id("more").hidden = !left;
    id("more").firstElementChild.textContent = `Show ${number(left)} more groups`;
    const all = rows.length;
    id("count").textContent = found.length === all ? count(all) : `${number(found.length)} of ${count(all)}`;
    const filter = narrowed();
    id("narrowed").textContent = filter && `Only these are printed: ${filter}.`;
  };

  const fresh = () => {
    limits = new Map();
    closed = new Map();
    groupLimit = GROUPS;
    show();
  };

  const buttons = heads.map((head, at) => {
    const button = make("button", { type: "button", textContent: head.textContent });
    button.addEventListener("click", () => {
      // The most severe first; words from A, numbers from 1.
      down = column === at ? !down : at === 0;
      column = at;
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      table.caption.textContent = `Findings, by ${head.textContent.toLowerCase()}, ${down ? "descending" : "ascending"}`;
      sort();
      show();
    });
    head.replaceChildren(button);
    return button;
  });

  inputs.search.addEventListener("input", fresh);
  for (const name of [...FILTERS, "group"]) {
    inputs[name].addEventListener("change", fresh);
  }
  const clear = () => {
    for (const name of ["search", ...FILTERS]) inputs[name].value = "";
  };
  id("clear").addEventListener("click", () => {
    clear();
    fresh();
    inputs.search.focus();
  });
  id("more").firstElementChild.addEventListener("click", () => {
    groupLimit = Infinity;
    show();
  });

  // Numbers elsewhere on the page lead to the findings that they count.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-severity], a[data-rule], a[data-search]");
    if (!link) return;
    clear();
    const { severity, rule, search } = link.dataset;
    if (severity) inputs.severity.value = severity;
    if (rule) inputs.rule.value = rule;
    if (search) inputs.search.value = search;
    fresh();
  });

  addEventListener("beforeprint", () => {
    printing = true;
    // Browsers print the head of a table on each page, but no buttons in it.
    for (const head of heads) head.replaceChildren(head.textContent);
    show();
  });
  addEventListener("afterprint", () => {
    printing = false;
    heads.forEach((head, at) => head.replaceChildren(buttons[at]));
    show();
  });

  id("filters").hidden = false;
  wrapper.classList.add("live");
  // Reloading a page keeps what was typed.
  fresh();
})();
