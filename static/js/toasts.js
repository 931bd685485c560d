// Toasts go after 8 seconds, wait while they are pointed at or focused, and stay if they tell of trouble.
const SECONDS = 8;

function arrange(toast) {
  if (toast.dataset.arranged) return;
  toast.dataset.arranged = "yes";
  const close = toast.querySelector("[data-toast-close]");
  close.hidden = false;
  close.addEventListener("click", () => toast.remove());
  if (toast.hasAttribute("data-toast-stays")) return;
  let timer;
  const start = () => { timer = setTimeout(() => toast.remove(), SECONDS * 1000); };
  const stop = () => clearTimeout(timer);
  for (const name of ["mouseenter", "focusin"]) toast.addEventListener(name, stop);
  for (const name of ["mouseleave", "focusout"]) toast.addEventListener(name, start);
  start();
}

function arrangeAll() {
  document.querySelectorAll("[data-toast]").forEach(arrange);
}

// What no answer of the server can say: it did not come, or it was refused.
function tell(text) {
  const toast = document.querySelector("#toast-of-trouble").content.cloneNode(true).firstElementChild;
  toast.querySelector("p").textContent = text;
  document.querySelector("#toasts").replaceChildren(toast);
  arrange(toast);
}

document.addEventListener("htmx:afterSettle", arrangeAll);
document.addEventListener("htmx:oobAfterSwap", arrangeAll);
document.addEventListener("htmx:sendError", () => tell(document.body.dataset.unreachable));
document.addEventListener("htmx:responseError", () => tell(document.body.dataset.refused));
arrangeAll();
