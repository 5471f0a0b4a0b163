// Says when a form has unsaved changes, and takes the reader to what went wrong. The form works without this file.
document.querySelector("[data-focus]")?.focus();

const form = document.querySelector("[data-guarded]");
const unsaved = form.querySelector("[data-unsaved]");
let dirty = false;

form.addEventListener("input", () => {
  dirty = true;
  unsaved.hidden = false;
});
form.addEventListener("submit", () => {
  dirty = false;
});
addEventListener("beforeunload", (event) => {
  if (dirty) event.preventDefault();
});
