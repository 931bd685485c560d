// Selection: Shift and a click copy the state of the last box to all between; the bar counts and says what will happen.
const IN_CRM = ["synced", "partial", "hidden"];
let lastBox = null;

function boxes() {
  return [...document.querySelectorAll(".message__pick")];
}

function pickRange(box) {
  const all = boxes();
  const [from, to] = [all.indexOf(lastBox), all.indexOf(box)].sort((a, b) => a - b);
  if (from >= 0) all.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
}

function countSelection() {
  const bar = document.querySelector("#selection");
  if (!bar) return;
  const states = boxes().filter((box) => box.checked).map((box) => box.closest(".message").dataset.state);
  const marked = states.filter((state) => state === "marked").length;
  const synced = states.filter((state) => IN_CRM.includes(state)).length;
  bar.querySelector("[data-selected]").textContent = states.length;
  const isWhole = states.length > 0 && states.length === boxes().length;
  document.dispatchEvent(new CustomEvent("inbox:selected", { detail: { isWhole } }));
  for (const [name, count] of Object.entries({ going: states.length - marked - synced, marked, synced })) {
    const part = bar.querySelector(`[data-tally=${name}]`);
    part.querySelector("b").textContent = count;
    part.classList.toggle("has-some", count > 0);
  }
}

function pickAll(isPicked) {
  boxes().forEach((box) => { box.checked = isPicked; });
  countSelection();
}

document.addEventListener("click", (event) => {
  if (event.target.matches(".message__pick")) {
    if (event.shiftKey && lastBox) pickRange(event.target);
    lastBox = event.target;
    countSelection();
  }
  if (event.target.closest("[data-select-all]")) pickAll(true);
  if (event.target.closest("[data-select-none]")) pickAll(false);
});

// A range by keyboard: Shift+x ends at this row what the last x began.
document.addEventListener("inbox:pick", (event) => {
  const { box, isRange } = event.detail;
  if (isRange && lastBox?.isConnected && lastBox !== box) {
    box.checked = lastBox.checked;
    pickRange(box);
  } else {
    box.checked = !box.checked;
  }
  lastBox = box;
  countSelection();
});

document.addEventListener("inbox:clear", () => pickAll(false));
document.addEventListener("inbox:changed", countSelection);
// What was asked for is done with: the boxes are free again.
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.id === "selection" && event.detail.successful) pickAll(false);
});
countSelection();
