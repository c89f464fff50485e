// Flats are chosen: those that are marked are counted, and Enter in the field that looks through them looks.
for (const part of document.querySelectorAll("[data-flats]")) {
  const count = part.querySelector("[data-count]");
  const find = part.querySelector("[name=find]");
  const every = part.querySelector("[name=every]");

  const tell = () => {
    const marked = part.querySelectorAll("[name=unit]:checked").length;
    count.textContent = count.dataset.words.replace("{count}", every?.checked ? every.dataset.total : marked);
  };
  find?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    part.querySelector("button[name=look]").click();
  });
  part.addEventListener("change", tell);
  count.hidden = false;
  tell();
}
