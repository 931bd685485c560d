// Parts that were swapped tell the row or the panel around them their new state; what needs a script becomes visible.
document.documentElement.classList.add("js");

function mirrorStates() {
  for (const part of document.querySelectorAll("[data-mirrors-state]")) {
    const state = part.querySelector("[data-state]");
    if (state && part.dataset.state !== state.dataset.state) part.dataset.state = state.dataset.state;
  }
  document.dispatchEvent(new Event("inbox:changed"));
}

document.addEventListener("htmx:afterSettle", mirrorStates);
document.addEventListener("htmx:oobAfterSwap", mirrorStates);
