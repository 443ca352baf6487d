"use strict";
(() => {
  const form = document.getElementById("filters");
  const count = document.getElementById("count");
  const groups = [...document.querySelectorAll("section.group")];
  const rules = [...document.querySelectorAll("details.rule")];
  // The page of an audit also has a table, with a row for each rule, in the same order.
  const rows = [...document.querySelectorAll("tr.rule-row")];
  const names = [...form.querySelectorAll("select")].map((select) => select.name);
  const texts = new Map();

  const textOf = (rule) => {
    if (!texts.has(rule)) texts.set(rule, rule.textContent.toLowerCase());
    return texts.get(rule);
  };

  const has = (rule, name, value) => value === "" || rule.dataset[name].split(", ").includes(value);

  const filter = () => {
    const words = form.elements.search.value.toLowerCase().split(/\s+/u).filter(Boolean);
    let shown = 0;
    rules.forEach((rule, index) => {
      const fits =
        names.every((name) => has(rule, name, form.elements[name].value)) &&
        words.every((word) => textOf(rule).includes(word));
      rule.hidden = !fits;
      if (rows.length > 0) rows[index].hidden = !fits;
      shown += fits ? 1 : 0;
    });
    for (const group of groups) group.hidden = !group.querySelector("details.rule:not([hidden])");
    count.textContent = `Showing ${shown} of ${rules.length} rules.`;
  };

  const reset = () => {
    form.reset();
    filter();
  };

  // The target of a link is shown, whatever the filters.
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target === null || !target.classList.contains("rule")) return;
    if (target.hidden) reset();
    target.open = true;
    target.scrollIntoView();
  };

  const openAll = (open) => {
    for (const details of document.querySelectorAll("details")) {
      if (!details.hidden) details.open = open;
    }
  };

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });

  form.addEventListener("input", filter);
  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("reset-filters").addEventListener("click", reset);
  document.getElementById("open-all").addEventListener("click", () => openAll(true));
  document.getElementById("close-all").addEventListener("click", () => openAll(false));
  addEventListener("hashchange", reveal);
  form.hidden = false;
  filter();
  reveal();
})();
