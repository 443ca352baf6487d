"use strict";
(() => {
  const form = document.getElementById("filters");
  const count = document.getElementById("count");
  const rules = [...document.querySelectorAll("details.rule")];
  const rows = [...document.querySelectorAll("tr.rule-row")];
  const names = ["status", "severity", "fate"];
  const texts = rules.map((rule) => rule.textContent.toLowerCase());

  const filter = () => {
    const words = form.elements.search.value.toLowerCase().split(/\s+/u).filter(Boolean);
    let shown = 0;
    rules.forEach((rule, index) => {
      const fits =
        names.every((name) => ["", rule.dataset[name]].includes(form.elements[name].value)) &&
        words.every((word) => texts[index].includes(word));
      rule.hidden = !fits;
      rows[index].hidden = !fits;
      shown += fits ? 1 : 0;
    });
    count.textContent = `Showing ${shown} of ${rules.length} rules.`;
  };

  const reset = () => {
    form.reset();
    filter();
  };

  // What a link leads to is shown, whatever is filtered.
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target === null || !target.classList.contains("rule")) return;
    if (target.hidden) reset();
    target.open = true;
    target.scrollIntoView();
  };

  const openAll = (open) => {
    for (const rule of rules) {
      if (!rule.hidden) rule.open = open;
    }
  };

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = rules.filter((rule) => !rule.open);
    for (const rule of closed) rule.open = true;
  });
  addEventListener("afterprint", () => {
    for (const rule of closed) rule.open = false;
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
