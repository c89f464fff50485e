// "One more": a copy of the last row, emptied.
document.querySelectorAll("[data-add]").forEach((button) => {
  button.addEventListener("click", () => {
    const rows = button.previousElementSibling;
    const row = rows.lastElementChild.cloneNode(true);
    row.querySelectorAll("input").forEach((input) => { input.value = ""; });
    rows.append(row);
    row.querySelector("input").focus();
  });
});
