// The list of contacts: Shift and a click copy the state of the last box to all between; the bar counts.
document.documentElement.classList.add("js");
let lastBox = null;
const bar = document.querySelector("#contact-selection");
const boxes = () => [...document.querySelectorAll(".contacts__tick input")];

function count() {
  if (bar) bar.querySelector("[data-selected]").textContent = boxes().filter((box) => box.checked).length;
}

document.addEventListener("click", (event) => {
  if (event.target.matches(".contacts__tick input")) {
    const all = boxes();
    const [from, to] = [all.indexOf(lastBox), all.indexOf(event.target)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) all.slice(from, to + 1).forEach((one) => { one.checked = event.target.checked; });
    lastBox = event.target;
  }
  if (event.target.closest("[data-select-all]")) boxes().forEach((box) => { box.checked = true; });
  count();
});
count();
