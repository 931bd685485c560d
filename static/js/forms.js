// Forms: a second click on a button that already sends does nothing, and a refused form gets the focus on its first error.
const DOUBLE_CLICK_IS_OVER_AFTER = 600;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sending) { event.preventDefault(); return; }
  // The answer comes in another tab, and this form stays: a double click opens one tab, not two.
  if (form.target === "_blank") {
    form.dataset.sending = "yes";
    setTimeout(() => delete form.dataset.sending, DOUBLE_CLICK_IS_OVER_AFTER);
    return;
  }
  if (!form.hasAttribute("data-once")) return;
  form.dataset.sending = "yes";
  form.setAttribute("aria-busy", "true");
});

// A page that the browser kept and shows again may send its forms again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sending]")) {
    delete form.dataset.sending;
    form.removeAttribute("aria-busy");
  }
});

document.querySelector("[aria-invalid='true'], [data-focus]")?.focus();

// A choice that sends its form at once still has its button where scripts are off.
for (const field of document.querySelectorAll("[data-sends-form]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}
