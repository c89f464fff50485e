// Rows of fields: "one more" copies the last row, emptied; "remove" takes one away, but not the last.
document.querySelectorAll("[data-add]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => {
    const rows = button.previousElementSibling;
    const row = rows.lastElementChild.cloneNode(true);
    row.querySelectorAll("input").forEach((input) => { input.value = ""; });
    row.querySelectorAll(".error").forEach((error) => error.remove());
    rows.append(row);
    row.querySelector("input").focus();
    rows.dispatchEvent(new Event("rows", {bubbles: true}));
  });
});
document.querySelectorAll("[data-remove]").forEach((button) => { button.hidden = false; });
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remove]");
  const row = button?.closest("[data-row]");
  if (!row || row.parentElement.children.length === 1) return;
  const rows = row.parentElement;
  row.remove();
  rows.dispatchEvent(new Event("rows", {bubbles: true}));
});
