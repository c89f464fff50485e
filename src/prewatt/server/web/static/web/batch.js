// Flats are chosen: shown by what is typed, marked all at once, and counted.
const batch = document.querySelector("form[data-batch]");
const boxes = [...batch.querySelectorAll("[name=unit]")];
const filter = batch.querySelector("[data-filter]");
const every = batch.querySelector("[data-all]");
const count = batch.querySelector("[data-count]");
const lineOf = (box) => box.closest("li");
const shown = () => boxes.filter((box) => !lineOf(box).hidden);

const tell = () => {
  count.textContent = count.dataset.words.replace("{count}", boxes.filter((box) => box.checked).length);
  const [all, box] = [shown(), every.querySelector("input")];
  const marked = all.filter((each) => each.checked).length;
  box.checked = all.length > 0 && marked === all.length;
  box.indeterminate = marked > 0 && marked < all.length;
};
filter.addEventListener("input", (event) => {
  const words = event.target.value.trim().toLowerCase();
  boxes.forEach((box) => { lineOf(box).hidden = !lineOf(box).textContent.toLowerCase().includes(words); });
  tell();
});
filter.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
every.addEventListener("change", (event) => {
  shown().forEach((box) => { box.checked = event.target.checked; });
  tell();
});
batch.addEventListener("change", (event) => { if (event.target.name === "unit") tell(); });
for (const part of [filter, every, count]) part.hidden = false;
tell();
