// Keys of the list. They are off while somebody types, and everything they do has a button as well.
const FUNCTIONS_BY_KEY = { o: "open", s: "sync", m: "mark", u: "unmark", c: "contact" };

function rowLinks() {
  return [...document.querySelectorAll(".message__what a")];
}

function currentRow() {
  return document.activeElement?.closest(".message") || document.querySelector(".message[aria-current='true']");
}

function move(step) {
  const links = rowLinks();
  const row = currentRow();
  const at = row ? links.indexOf(row.querySelector(".message__what a")) : -1;
  links[Math.max(0, Math.min(links.length - 1, at + step))]?.focus();
}

function isTyping(target) {
  return target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]") || event.target.closest("[popover]")) return;
  const row = currentRow();
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "j" || key === "k") move(key === "j" ? 1 : -1);
  else if (key === "x" && row) {
    const detail = { box: row.querySelector(".message__pick"), isRange: event.shiftKey };
    document.dispatchEvent(new CustomEvent("inbox:pick", { detail }));
  } else if (FUNCTIONS_BY_KEY[key] && row && !event.repeat && !whyNot(row, FUNCTIONS_BY_KEY[key])) {
    document.dispatchEvent(new CustomEvent("inbox:act", { detail: { row, name: FUNCTIONS_BY_KEY[key] } }));
  } else if (key === "/") document.querySelector("#q")?.focus();
  else if (event.key === "?") document.querySelector("#keys").showModal();
  else if (key === "Escape") document.dispatchEvent(new Event("inbox:clear"));
  else return;
  event.preventDefault();
});
