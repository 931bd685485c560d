// The panel beside the list: which row it shows, the title of the page, and on a phone which of the two is seen.
document.addEventListener("htmx:afterSwap", (event) => {
  const panel = document.querySelector("#panel");
  if (event.detail.target.id === "list") document.querySelector(".columns").dataset.show = "list";
  if (event.detail.target.id !== "panel" || !panel.dataset.message) return;
  for (const row of document.querySelectorAll(".message[aria-current]")) row.removeAttribute("aria-current");
  document.querySelector(`#message-${panel.dataset.message}`)?.setAttribute("aria-current", "true");
  document.querySelector(".columns").dataset.show = "panel";
  document.title = panel.dataset.title;
  panel.scrollTop = 0;
  // On one column the list is gone, and with it the focus.
  if (!document.querySelector("#list").offsetParent) {
    scrollTo(0, 0);
    document.querySelector("#subject").focus();
  }
});

document.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-opens-dialog]");
  if (opens) document.querySelector(`#${opens.dataset.opensDialog}`).showModal();
  if (event.target.closest("[data-closes-dialog]")) event.target.closest("dialog").close();
});
