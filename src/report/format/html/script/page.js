// Links into what is folded, and all of the page for the printer.
(() => {
  // A rule that is linked to is opened.
  const reveal = () => {
    const target = /^#rule-\d+$/.test(location.hash) && id(location.hash.slice(1));
    if (!target) return;
    target.closest("details").open = true;
    target.closest("details").scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Paper cannot be clicked: what is closed is opened for the printer, and
  // closed again after.
  let opened = [];
  const openAll = () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const details of opened) details.open = true;
  };
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
    opened = [];
  });
  // After the tables have brought out all that they show on paper.
  addEventListener("beforeprint", openAll);
})();
