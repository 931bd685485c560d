// Answers that bring parts for several places may come late: the list or the panel that asked is no longer on the page.
function rowsOf(moving) {
  return moving.querySelector("[name=shown]").value.split(",").map((pair) => pair.split(".")[0]);
}

function hasPlace(part) {
  const [, place = `#${part.id}`] = part.getAttribute("hx-swap-oob").split(":");
  const found = document.querySelector(place);
  if (!found || part.id !== "moving") return found !== null;
  // What moves in a list that has gone says nothing of the one that is there.
  const rows = rowsOf(found);
  return rowsOf(part).every((row) => rows.includes(row));
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event;
  if (!detail.shouldSwap || detail.target !== document.body) return;
  const answer = document.createElement("template");
  answer.innerHTML = detail.serverResponse;
  for (const part of answer.content.querySelectorAll("[hx-swap-oob]")) if (!hasPlace(part)) part.remove();
  detail.serverResponse = answer.innerHTML;
  if (detail.requestConfig.elt.isConnected) return;
  // htmx looks for the places around the one who asked, and so would find none.
  detail.shouldSwap = false;
  htmx.swap(document.body, detail.serverResponse, { swapStyle: "none" }, { eventInfo: detail });
});
