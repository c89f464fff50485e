// The hours of a tariff are painted. What is painted is written as text into the fields of the form, which hold the truth:
// a line that can't be painted stays the text that it is.
const form = document.querySelector("form[data-painter]");
const profiles = form.querySelector("[data-profiles]");
const bar = form.querySelector("[data-brush-bar]");
const CELLS = 48;
const TIME = /[,;\n]\s*(?=\d{1,2}:\d{2}(?:\s|$))/;
const GROUPS = {weekday: ["mon", "tue", "wed", "thu", "fri"], weekend: ["sat", "sun"]};
let brush = 0;
let stroke = null;

const clock = (cell) => `${String(Math.floor(cell / 2)).padStart(2, "0")}:${cell % 2 ? "30" : "00"}`;
const field = (row, name) => row.querySelector(`[name="profile_${name}"]`);
const rows = () => [...profiles.querySelectorAll("[data-profile]")];
const daysOf = (row) => field(row, "days").value.split(/[\s,]+/).filter(Boolean);
const single = (days) => days.flatMap((day) => GROUPS[day] ?? [day]);

// The rates of the form. Their colours are those that all pages give them once the tariff is in force: the cheapest has the first.
const COLOURS = 6;
const rates = () => {
  const prices = [...form.querySelectorAll("[name=rate_price]")];
  const all = [...form.querySelectorAll("[name=rate_name]")].map((input, place) => ({
    name: input.value.trim(), place, price: prices[place].value, cost: parseFloat(prices[place].value.replace(",", ".")) || 0,
  })).filter((rate) => rate.name);
  [...all].sort((a, b) => a.cost - b.cost || (a.name < b.name ? -1 : 1)).forEach((rate, rank) => {
    rate.colour = `rate${rank % COLOURS}`;
  });
  return all;
};

const switches = (text) => text.split(TIME).map((part) => part.trim().replace(/[,;]+$/, "")).filter(Boolean)
  .map((part) => [part.split(/\s+/, 1)[0], part.replace(/^\S+\s*/, "")]);

// The rate of each half hour, or null if a line has other times.
const read = (text) => {
  const cells = [];
  for (const [time, rate] of switches(text)) {
    const [, hours, minutes] = /^(\d{1,2}):(00|30)$/.exec(time) ?? [];
    const cell = hours === undefined ? -1 : 2 * Number(hours) + (minutes === "30");
    if (!rate || cell >= CELLS || cell < cells.length || (!cells.length && cell)) return null;
    while (cells.length < cell) cells.push(cells.at(-1));
    cells.push(rate);
  }
  while (cells.length && cells.length < CELLS) cells.push(cells.at(-1));
  return cells.length ? cells : null;
};
const written = (cells) => cells.map((rate, cell) => (cell && rate === cells[cell - 1] ? "" : `${clock(cell)} ${rate}`))
  .filter(Boolean).join(", ");

const inWords = (row) => daysOf(row).map((day) => profiles.dataset[`day${day[0].toUpperCase()}${day.slice(1)}`] ?? day)
  .join(", ");

// Draw a line anew. The cells stay the same elements, so that the focus stays.
const draw = (row) => {
  const known = rates();
  const text = field(row, "switches");
  if (!text.value.trim() && known.length) text.value = `00:00 ${known[0].name}`;
  const cells = read(text.value);
  const canvas = row.querySelector("[data-canvas]");
  canvas.hidden = !cells;
  row.querySelector("[data-unpainted]").hidden = Boolean(cells);
  if (!cells) { row.querySelector("details").open = true; return; }
  if (!canvas.firstChild) build(canvas);
  canvas.querySelector("h3").textContent = inWords(row);
  const grid = canvas.querySelector("[role=grid]");
  grid.setAttribute("aria-label", inWords(row));
  grid.querySelectorAll("[role=gridcell]").forEach((cell, place) => {
    const name = cells[place];
    const rate = known.find((each) => each.name === name);
    cell.className = rate ? rate.colour : "unknown";
    cell.classList.toggle("begins", !place || cells[place - 1] !== name);
    cell.dataset.rate = !place || cells[place - 1] !== name ? name : "";
    // A name is as long as its hours, at most.
    const next = cells.findIndex((each, later) => later > place && each !== name);
    cell.style.setProperty("--cells", (next < 0 ? CELLS : next) - place);
    cell.setAttribute("aria-label", form.dataset.cell.replace("{from}", clock(place))
      .replace("{until}", place + 1 < CELLS ? clock(place + 1) : "24:00").replace("{rate}", name));
  });
};
const build = (canvas) => {
  const grid = document.createElement("div");
  const line = document.createElement("div");
  grid.setAttribute("role", "grid");
  line.setAttribute("role", "row");
  for (let place = 0; place < CELLS; place += 1) {
    const cell = document.createElement("span");
    cell.setAttribute("role", "gridcell");
    cell.tabIndex = place ? -1 : 0;
    // The hour and the rate are drawn by the style sheet; who hears the page is told by the cell's label.
    if (place % 2 === 0) cell.dataset.hour = place / 2;
    line.append(cell);
  }
  grid.append(line);
  canvas.append(document.createElement("h3"), grid);
};

const drawBrushes = () => {
  const known = rates();
  brush = Math.min(brush, Math.max(known.length - 1, 0));
  bar.replaceChildren(...known.map((rate, place) => {
    const button = document.createElement("button");
    const patch = document.createElement("i");
    button.type = "button";
    button.setAttribute("role", "radio");
    button.setAttribute("aria-checked", place === brush);
    button.tabIndex = place === brush ? 0 : -1;
    patch.className = rate.colour;
    button.append(patch, rate.name, " ", rate.price);
    button.addEventListener("click", () => choose(place));
    return button;
  }));
};
const choose = (place) => {
  brush = place;
  drawBrushes();
  bar.children[brush]?.focus();
};

// Only the first line of a season says which one it is, and when it begins.
const seasons = () => {
  const all = [];
  for (const row of rows()) {
    const [name, from] = ["season", "from"].map((part) => field(row, part).value.trim());
    const last = all.at(-1);
    if (last && (!name || name === last.name) && (!from || from === last.from)) last.rows.push(row);
    else all.push({name, from, rows: [row]});
  }
  return all;
};
const drawSeasons = () => seasons().forEach((season) => season.rows.forEach((row, place) => {
  row.querySelector(".seasonal").hidden = place > 0;
}));
const drawAll = () => { drawBrushes(); rows().forEach(draw); drawSeasons(); };

const gridOf = (cell) => cell.closest("[role=grid]");
const cellsOf = (grid) => [...grid.querySelectorAll("[role=gridcell]")];
const paint = (grid, first, last, before) => {
  const rate = rates()[brush];
  const row = grid.closest("[data-profile]");
  const cells = before ?? read(field(row, "switches").value);
  if (!rate || !cells) return;
  const [from, until] = [Math.min(first, last), Math.max(first, last)];
  field(row, "switches").value = written(cells.map((each, cell) => (cell >= from && cell <= until ? rate.name : each)));
  draw(row);
};
const focusOn = (cell) => {
  cellsOf(gridOf(cell)).forEach((each) => { each.tabIndex = each === cell ? 0 : -1; });
  cell.focus();
};

// By mouse and by finger: from where it was put down to where it is. A finger that scrolls takes back what it painted.
profiles.addEventListener("pointerdown", (event) => {
  const cell = event.target.closest("[role=gridcell]");
  if (!cell || event.button) return;
  event.preventDefault();
  focusOn(cell);
  const grid = gridOf(cell);
  const text = field(grid.closest("[data-profile]"), "switches").value;
  stroke = {grid, first: cellsOf(grid).indexOf(cell), text, before: read(text)};
  if (cell.hasPointerCapture(event.pointerId)) cell.releasePointerCapture(event.pointerId);
  paint(grid, stroke.first, stroke.first, stroke.before);
});
document.addEventListener("pointermove", (event) => {
  if (!stroke) return;
  const cell = document.elementFromPoint(event.clientX, event.clientY)?.closest("[role=gridcell]");
  if (cell && gridOf(cell) === stroke.grid) paint(stroke.grid, stroke.first, cellsOf(stroke.grid).indexOf(cell), stroke.before);
});
document.addEventListener("pointerup", () => { stroke = null; });
document.addEventListener("pointercancel", () => {
  if (!stroke) return;
  const row = stroke.grid.closest("[data-profile]");
  field(row, "switches").value = stroke.text;
  stroke = null;
  draw(row);
});

const STEPS = {ArrowLeft: -1, ArrowRight: 1, Home: -CELLS, End: CELLS};
profiles.addEventListener("keydown", (event) => {
  const cell = event.target.closest("[role=gridcell]");
  if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
  const grid = gridOf(cell);
  const place = cellsOf(grid).indexOf(cell);
  if (event.key === " " || event.key === "Enter") paint(grid, place, place);
  else if (event.key in STEPS) {
    const next = Math.min(Math.max(place + STEPS[event.key], 0), CELLS - 1);
    if (event.shiftKey) paint(grid, place, next);
    focusOn(cellsOf(grid)[next]);
  } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const grids = [...profiles.querySelectorAll("[role=grid]")].filter((each) => !each.parentElement.hidden);
    const other = grids[grids.indexOf(grid) + (event.key === "ArrowUp" ? -1 : 1)];
    if (other) focusOn(cellsOf(other)[place]);
  } else if (/^[1-9]$/.test(event.key) && Number(event.key) <= rates().length) {
    brush = Number(event.key) - 1;
    drawBrushes();
  } else return;
  event.preventDefault();
});
bar.addEventListener("keydown", (event) => {
  const step = {ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1}[event.key];
  if (!step) return;
  event.preventDefault();
  choose((brush + step + bar.children.length) % bar.children.length);
});

// A rate that is renamed is renamed in all lines.
const names = new WeakMap();
const remember = () => form.querySelectorAll("[name=rate_name]").forEach((input) => names.set(input, input.value.trim()));
form.addEventListener("input", (event) => {
  if (event.target.name === "rate_name") {
    const [old, name] = [names.get(event.target), event.target.value.trim()];
    if (!name) return;
    const others = rates().filter((rate) => rate.name === old).length;
    if (old && !others)
      rows().forEach((row) => {
        const text = field(row, "switches");
        text.value = switches(text.value).map(([time, rate]) => `${time} ${rate === old ? name : rate}`).join(", ");
      });
    remember();
  }
  if (event.target.name === "profile_season") {
    // The season's other lines go by its name.
    let row = event.target.closest("[data-profile]").nextElementSibling;
    for (; row?.querySelector(".seasonal").hidden; row = row.nextElementSibling)
      field(row, "season").value = event.target.value;
  }
  if (/^(rate_name|rate_price|profile_days|profile_switches)$/.test(event.target.name)) drawAll();
});
form.addEventListener("rows", () => {
  // A copied line has a canvas whose cells are another's.
  rows().forEach((row) => row.querySelector("[data-canvas]").replaceChildren());
  remember();
  drawAll();
});

// The days of each season are put into other groups; a group has the hours of its first day.
form.querySelectorAll("[data-group]").forEach((button) => button.addEventListener("click", () => {
  const groups = button.dataset.group.split("|");
  const regrouped = seasons().flatMap(({name, rows: old}) => groups.map((days, place) => {
    const day = single(days.split(" "))[0];
    const from = old.find((row) => single(daysOf(row)).includes(day)) ?? old[0];
    const row = from.cloneNode(true);
    field(row, "days").value = days;
    field(row, "season").value = name;
    for (const part of ["from", "upto"]) field(row, part).value = place ? "" : field(old[0], part).value;
    return row;
  }));
  profiles.replaceChildren(...regrouped);
  profiles.dispatchEvent(new Event("rows", {bubbles: true}));
}));

// A further season begins with the hours of the last one.
const another = form.querySelector("[data-season]");
another.addEventListener("click", () => {
  const last = seasons().at(-1);
  const copies = last.rows.map((row) => row.cloneNode(true));
  for (const row of copies) {
    field(row, "season").value = `${last.name} ${seasons().length + 1}`;
    for (const part of ["from", "upto"]) field(row, part).value = "";
  }
  profiles.append(...copies);
  profiles.dispatchEvent(new Event("rows", {bubbles: true}));
  field(copies[0], "season").select();
});
another.hidden = false;

bar.setAttribute("role", "radiogroup");
bar.setAttribute("aria-label", form.dataset.brushes);
form.querySelectorAll("[data-brush-bar], [data-how], [data-groups]").forEach((part) => { part.hidden = false; });
profiles.querySelectorAll("details").forEach((details) => { details.open = false; });
remember();
drawAll();
