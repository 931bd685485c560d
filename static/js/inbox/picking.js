// Picking records: arrow keys lead from the field into what was found and through it, Escape leads back, Enter links.
document.querySelector("#picking").addEventListener("keydown", (event) => {
  const field = document.querySelector("#picking [name=text]");
  const boxes = [...document.querySelectorAll("#found-records [name=record]:not(:disabled)")];
  const stops = [field, ...boxes];
  const at = stops.indexOf(event.target);
  if (at < 0) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    stops[Math.max(0, Math.min(stops.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
  } else if (event.key === "Escape" && at > 0) {
    field.focus();
  } else if (event.key === "Enter" && at > 0) {
    event.target.form.requestSubmit(document.querySelector("#picking-link"));
  } else {
    return;
  }
  event.preventDefault();
});
