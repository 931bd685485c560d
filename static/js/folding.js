// What a person folded stays folded on the next page; the branch with the page that is shown is always open.
const KEY = "portal-folded";

function folded() {
  try {
    return new Set(JSON.parse(localStorage.getItem(KEY)));
  } catch {
    return new Set();
  }
}

for (const part of document.querySelectorAll("details[data-remembers]")) {
  if (folded().has(part.dataset.remembers) && !part.querySelector("[aria-current]")) part.open = false;
  part.querySelector("summary").addEventListener("click", () => {
    const names = folded();
    // The click comes before the change.
    if (part.open) names.add(part.dataset.remembers);
    else names.delete(part.dataset.remembers);
    try {
      localStorage.setItem(KEY, JSON.stringify([...names]));
    } catch {
      // A browser that keeps nothing folds all the same.
    }
  });
}
