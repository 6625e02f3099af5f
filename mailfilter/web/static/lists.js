// Arrow keys in the list of mail: from row to row while a row's link has the focus.
// The pages work without it.
"use strict";
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = [...document.querySelectorAll("[data-row]")];
  const at = links.indexOf(document.activeElement);
  const next = at < 0 || !step ? null : links[at + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
});
