// A folder followed with its subfolders takes them all along. Where only some below it are chosen, its box is half ticked.
const boxes = (item, name) => [...item.querySelectorAll(`:scope input[name="${name}"]`)];
const own = (item, name) => item.querySelector(`:scope > .folders__row input[name="${name}"]`);

function settle(tree) {
  for (const item of tree.querySelectorAll(".folders__item")) {
    const deep = own(item, "with_subfolders");
    if (!deep) continue;
    const all = boxes(item, "folders");
    if (!all.every((box) => box.checked)) deep.checked = false;
    deep.indeterminate = !deep.checked && all.slice(1).some((box) => box.checked);
  }
}

for (const tree of document.querySelectorAll("[data-folder-tree]")) {
  tree.addEventListener("change", (event) => {
    if (event.target.name === "with_subfolders") {
      const item = event.target.closest(".folders__item");
      for (const box of [...boxes(item, "folders").slice(1), ...boxes(item, "with_subfolders")]) box.checked = event.target.checked;
      if (event.target.checked) own(item, "folders").checked = true;
    }
    settle(tree);
  });
  settle(tree);
}
