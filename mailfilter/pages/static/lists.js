// Keys of the lists and of one mail; the pages work without it.
// Arrow keys move from row to row while a row's link has the focus, as they do in any list. Single
// letters act outside of fields only, open what they name and never decide, and are silent where
// they are switched off in the account (WCAG 2.1.4): then the page has no #keys.
"use strict";
const help = document.getElementById("keys");
const rows = () => [...document.querySelectorAll("[data-row]")];

function step(by) {
  const links = rows();
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? links[by > 0 ? 0 : links.length - 1] : links[at + by];
  if (next) next.focus();
  return Boolean(next);
}

function act(key) {
  if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
  if (key === "o") {
    const row = rows().find((link) => link === document.activeElement);
    if (row) row.click();
    return Boolean(row);
  }
  if (key === "?") {
    help.showModal();
    return true;
  }
  const named = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!named) return false;
  if (named.tagName === "DETAILS") named.open = true;
  (named.querySelector("select") || named).focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by && rows().includes(document.activeElement)) {
    if (step(by)) event.preventDefault();
    return;
  }
  const field = event.target.closest("input, select, textarea, dialog, [contenteditable]");
  if (help && !field && !event.repeat && act(event.key)) event.preventDefault();
});
