// The tiers of one rate as a ladder: a price on each step, up to so many kWh. What is typed is written as text into the fields
// of the form, which hold the truth.
const form = document.querySelector("form[data-painter]");
const ladder = form.querySelector("[data-ladder]");
const words = ladder.dataset;
const price = () => form.querySelector("[name=rate_price]");
const upto = form.querySelector("[name=tiers_upto]");
const per = form.querySelector("[name=tiers_per]");
const parts = (text) => text.split(/;|\n|,\s|\s,/).map((part) => part.trim()).filter(Boolean);

const field = (label, value, name) => {
  const wrapped = document.createElement("label");
  const input = document.createElement("input");
  input.value = value;
  input.inputMode = "decimal";
  input.dataset[name] = "";
  wrapped.append(label, input);
  return wrapped;
};
const step = (end, cost, isLast) => {
  const row = document.createElement("div");
  row.className = "step";
  if (isLast) {
    const above = document.createElement("p");
    above.textContent = words.above;
    row.append(above, field(words.price, cost, "cost"));
    return row;
  }
  const remove = document.createElement("button");
  remove.type = "button";
  remove.textContent = words.removeWords;
  remove.addEventListener("click", () => { if (ladder.children.length > 2) row.remove(); write(); });
  row.append(field(words.upto, end, "end"), field(words.price, cost, "cost"), remove);
  return row;
};
const draw = () => {
  const [ends, costs] = [parts(upto.value), parts(price().value)];
  if (!ends.length) ends.push("");
  ladder.replaceChildren(...[...ends, ""].map((end, place) =>
    step(end, costs[place] ?? (costs.length === 1 ? costs[0] : ""), place === ends.length)));
};
const read = (name) => [...ladder.querySelectorAll(`[data-${name}]`)].map((input) => input.value.trim());
const write = () => {
  upto.value = read("end").filter(Boolean).join("; ");
  price().value = read("cost").filter(Boolean).join("; ");
};
const climbs = () => form.querySelector("[name=shape][value=tiers]").checked;

ladder.addEventListener("input", write);
form.querySelector("[data-tier]").addEventListener("click", () => {
  ladder.insertBefore(step("", "", false), ladder.lastElementChild);
  ladder.lastElementChild.previousElementSibling.querySelector("input").focus();
});
form.addEventListener("change", (event) => {
  if (event.target.name !== "shape" || !climbs()) return;
  if (!per.value) per.value = "month";
  draw();
});
// Who types a day and an hour means them.
form.querySelector("[name=effective]").addEventListener("input", () => {
  form.querySelector("[name=hold][value=at]").checked = true;
});
form.classList.add("climbs");
for (const part of [ladder, form.querySelector("[data-tier]")]) part.hidden = false;
draw();
