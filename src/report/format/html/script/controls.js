// Search and filters for the tables of controls.
(() => {
  const bar = id("control-filters");
  if (!bar) return;

  const search = id("control-search");
  const framework = id("control-framework");
  const status = id("control-status");
  const tables = [...document.querySelectorAll(".framework")];
  const rows = tables.flatMap((table) =>
    [...table.querySelectorAll("tbody tr")].map((row) => ({
      row,
      framework: table.id,
      status: row.querySelector(".cs").classList[1],
      text: words(row).toLowerCase(),
    })),
  );

  const narrowed = () => {
    const said = [];
    if (search.value.trim()) said.push(`search \u201c${search.value.trim()}\u201d`);
    for (const [name, select] of [["framework", framework], ["status", status]]) {
      if (select.value) said.push(`${name} ${select.selectedOptions[0].textContent}`);
    }
    return said.join("; ");
  };

  const show = () => {
    const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const it of rows) {
      const matches =
        (!framework.value || it.framework === framework.value) &&
        (!status.value || it.status === status.value) &&
        asked.every((word) => it.text.includes(word));
      it.row.hidden = !matches;
      found += Number(matches);
    }
    for (const table of tables) table.hidden = !table.querySelector("tbody tr:not([hidden])");
    const all = count(rows.length, "control");
    id("control-count").textContent = found === rows.length ? all : `${number(found)} of ${all}`;
    id("control-none").hidden = found > 0;
    const filter = narrowed();
    id("control-narrowed").textContent = filter && `Only these are printed: ${filter}.`;
  };

  search.addEventListener("input", show);
  framework.addEventListener("change", show);
  status.addEventListener("change", show);
  id("control-clear").addEventListener("click", () => {
    for (const input of [search, framework, status]) input.value = "";
    show();
    search.focus();
  });
  bar.hidden = false;
  // Reloading a page keeps what was typed.
  show();
})();
