// One menu for all rows: right click, the "⋯" button and the menu key open it.
const menu = document.querySelector("#message-menu");

function items() {
  return [...menu.querySelectorAll("[role=menuitem]")];
}

function openMenu(row, x, y) {
  menu.row = row;
  menu.returnTo = row.contains(document.activeElement) ? document.activeElement : row.querySelector(".message__what a");
  let said = "";
  for (const item of items()) {
    const reason = whyNot(row, item.dataset.function);
    const why = item.querySelector(".menu__why");
    if (reason) item.setAttribute("aria-disabled", "true");
    else item.removeAttribute("aria-disabled");
    why.textContent = reason;
    why.hidden = !reason;
    // For the eye, a reason that several share stands once.
    why.classList.toggle("visually-hidden", reason === said);
    said = reason;
  }
  menu.showPopover();
  const box = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - box.width - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(y, innerHeight - box.height - 8))}px`;
  items()[0].focus();
}

document.addEventListener("contextmenu", (event) => {
  const row = event.target.closest(".message");
  if (!row) return;
  event.preventDefault();
  const box = row.getBoundingClientRect();
  // The menu key brings no place of its own: the menu then opens below the row.
  const byKey = event.button !== 2 && !event.clientX;
  openMenu(row, byKey ? box.left + 48 : event.clientX, byKey ? box.bottom : event.clientY);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-opens-menu]");
  if (!button) return;
  const box = button.getBoundingClientRect();
  openMenu(button.closest(".message"), box.left, box.bottom + 4);
});

document.addEventListener("keydown", (event) => {
  const row = document.activeElement?.closest(".message");
  if (row && event.key === "F10" && event.shiftKey) {
    event.preventDefault();
    const box = row.getBoundingClientRect();
    openMenu(row, box.left + 48, box.bottom);
  }
});

menu.addEventListener("keydown", (event) => {
  const all = items();
  const at = all.indexOf(document.activeElement);
  const target = {
    ArrowDown: all[(at + 1) % all.length], ArrowUp: all.at(at - 1), Home: all[0], End: all.at(-1),
  }[event.key];
  if (target) { event.preventDefault(); target.focus(); }
  if (event.key === "Tab") menu.hidePopover();
});

menu.addEventListener("click", (event) => {
  const item = event.target.closest("[role=menuitem]");
  if (!item || item.getAttribute("aria-disabled") === "true") return;
  const row = menu.row;
  menu.hidePopover();
  document.dispatchEvent(new CustomEvent("inbox:act", { detail: { row, name: item.dataset.function } }));
});

menu.addEventListener("toggle", (event) => {
  if (event.newState === "closed" && menu.returnTo?.isConnected) menu.returnTo.focus();
});
