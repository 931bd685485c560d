// What the signature offers stands in its field as soon as it is ticked, and goes again with the tick.
// Without scripts the server does the same when the form is sent.
document.documentElement.classList.add("js");
const before = new WeakMap();

function fill(box) {
  const field = document.getElementById(box.dataset.fills);
  if (box.checked) {
    if (!before.has(box)) before.set(box, field.value === box.dataset.value ? "" : field.value);
    field.value = box.dataset.value;
  } else if (before.has(box)) {
    field.value = before.get(box);
    before.delete(box);
  }
}

for (const box of document.querySelectorAll("[data-fills]")) {
  if (box.checked) fill(box);
  box.addEventListener("change", () => fill(box));
  // What somebody writes then is their own word.
  document.getElementById(box.dataset.fills).addEventListener("input", () => {
    box.checked = false;
    before.delete(box);
  });
}

document.querySelector("[data-ticks-all]")?.addEventListener("click", () => {
  for (const box of document.querySelectorAll("[data-fills]:not(:checked)")) box.click();
});
