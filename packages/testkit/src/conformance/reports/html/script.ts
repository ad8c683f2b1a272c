/** What the page does beside being read: filtering, opening, copying, walking through the list. Nothing needs it. */
export const script = String.raw`
"use strict";
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const form = document.querySelector("form.filter");
  const entries = all("[data-check]");

  const open = (element) => {
    for (let at = element; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };

  if (form) {
    const status = form.querySelector("[role=status]");
    const filter = () => {
      const verdicts = new Set(all("input[name=verdict]:checked", form).map(({ value }) => value));
      const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const entry of entries) {
        const text = entry.textContent.toLowerCase();
        entry.hidden = !verdicts.has(entry.dataset.check) || !words.every((word) => text.includes(word));
        if (!entry.hidden) shown += 1;
      }
      for (const group of all(".reasoned, .group")) group.hidden = !group.querySelector("[data-check]:not([hidden])");
      status.textContent = shown + " of " + entries.length + " checks shown.";
    };
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    const button = form.querySelector("[data-open]");
    button.addEventListener("click", () => {
      const details = all(".checks details.evidence");
      const isAny = details.some((one) => !one.open);
      for (const one of details) one.open = isAny;
      button.textContent = isAny ? "Close all details" : "Open all details";
    });
    filter();

    const reveal = () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (!target) return;
      const entry = target.closest("[data-check]");
      if (entry && entry.hidden) {
        for (const box of all("input[name=verdict]", form)) box.checked ||= box.value === entry.dataset.check;
        form.elements.text.value = "";
        filter();
      }
      open(target);
      target.scrollIntoView();
      if (target.hasAttribute("tabindex")) target.focus();
    };
    addEventListener("hashchange", reveal);
    reveal();

    document.querySelector(".checks").addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input")) return;
      const step = { j: 1, k: -1 }[event.key];
      if (!step) return;
      const shown = entries.filter(({ hidden }) => !hidden);
      const now = shown.indexOf(event.target.closest("[data-check]"));
      const next = shown[now === -1 ? 0 : now + step];
      if (!next) return;
      event.preventDefault();
      next.scrollIntoView({ block: "nearest" });
      next.focus();
    });
  }

  for (const command of all(".command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const { textContent } = command.querySelector("code");
      try {
        await navigator.clipboard.writeText(textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(command.querySelector("code"));
        button.textContent = "Selected";
      }
    });
    command.append(button);
  }

  // What is printed shows everything that was open, and no less than each failure's evidence.
  addEventListener("beforeprint", () => all("details.evidence").forEach((one) => (one.open = true)));
})();
`;
