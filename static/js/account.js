// An open card closes on Escape and on a click elsewhere; without this script a second click on it does.
// What the navigation opens lies beside its button, so all of the navigation belongs with it.
const cards = () => document.querySelectorAll("details[data-closes][open]");

document.addEventListener("click", (event) => {
  for (const card of cards()) if (!(card.closest("nav") || card).contains(event.target)) card.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const card of cards()) { card.open = false; card.querySelector("summary").focus(); }
});
