// The functions of an e-mail, asked for by the menu or by a key: `inbox:act` with a row or the panel and the function.
document.addEventListener("inbox:act", (event) => {
  const { row, name } = event.detail;
  if (name === "open") {
    const form = document.querySelector("#opening");
    form.action = row.dataset.open;
    form.requestSubmit();
    return;
  }
  if (name.startsWith("contact")) {
    const form = document.querySelector("#contact-function");
    form.elements.message.value = row.dataset.message;
    form.elements.function.value = name.slice("contact-".length);
    // The way to CORIPO goes where the records of e-mails go, the others stay in this tab.
    const opening = document.querySelector("#opening");
    form.target = name === "contact-open" ? opening.target : "";
    form.rel = name === "contact-open" ? opening.rel : "";
    form.requestSubmit();
    return;
  }
  const values = { action: name };
  for (const field of document.querySelectorAll("#moving [name=shown], #panel-shown")) values[field.name] = field.value;
  htmx.ajax("POST", row.dataset.act, { source: row, target: "body", swap: "none", values });
});

// Why a function cannot be used on this row now; "" where it can. Those of contacts share their reason.
function whyNot(row, name) {
  name = name.split("-")[0];
  const state = row.querySelector(".message__state");
  if (!state || !state.dataset.refused.split(" ").includes(name)) return "";
  return state.getAttribute(`data-why-${name}`) || "";
}

// The way to CORIPO may begin with a transfer, and it leads into another tab: this page then looks what has changed.
const TRANSFER_HAS_BEGUN_AFTER = 1000;
document.addEventListener("submit", (event) => {
  if (!event.target.target) return;
  setTimeout(() => htmx.trigger("#moving", "inbox:look"), TRANSFER_HAS_BEGUN_AFTER);
});
