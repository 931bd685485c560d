// Once every box of the page is checked, the server says how many more match; a box that is unchecked takes the offer away.
let wasWhole = false;

function closeMatching() {
  const bar = document.querySelector("form#matching");
  if (bar) {
    const place = document.createElement("div");
    place.id = "matching";
    place.hidden = true;
    bar.replaceWith(place);
  }
  document.querySelector("#offer")?.replaceChildren();
}

document.addEventListener("inbox:selected", (event) => {
  const { isWhole } = event.detail;
  if (isWhole && !wasWhole) htmx.trigger("#offer", "inbox:whole");
  if (!isWhole) closeMatching();
  wasWhole = isWhole;
});
