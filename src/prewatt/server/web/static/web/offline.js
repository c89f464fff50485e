// The page that the app's worker shows without a network: puts what is kept in this phone into its places, and goes back to the page
// that was asked for as soon as there is a network.

const AGAIN = 30_000; // So often it is tried whether the server answers, ms.
const STEPS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
const NUMBER = /\+?\d[\d ()/-]{4,}\d/;
const place = document.getElementById("offline"), language = document.documentElement.lang;
const template = name => document.getElementById(name).content.cloneNode(true);

function ago(ms) {
  const s = Math.max(Math.round((Date.now() - ms) / 1000), 0);
  const [unit, size] = STEPS.find(([, each]) => s >= each) ?? STEPS.at(-1);
  return new Intl.RelativeTimeFormat(language, {numeric: "auto"}).format(-Math.floor(s / size), unit);
}

function since(ms) {
  const at = new Date(ms), isToday = at.toDateString() === new Date().toDateString();
  const time = at.toLocaleString(language, {
    hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(isToday ? {} : {day: "numeric", month: "long"}),
  });
  return `${time} (${ago(ms)})`;
}

// A line of words; a phone number in it can be tapped.
function line(words) {
  const part = document.createElement("p"), number = words.match(NUMBER)?.[0];
  const [before, after] = number ? [words.slice(0, words.indexOf(number)), words.slice(words.indexOf(number) + number.length)] : [words, ""];
  part.append(before);
  if (number) part.append(Object.assign(document.createElement("a"), {href: `tel:${number.replace(/[^+\d]/g, "")}`, textContent: number}), after);
  return part;
}

function code(given) {
  const part = template("code"), button = part.querySelector("button"), digits = part.querySelector("[data-is=digits]");
  part.querySelector("[data-is=what]").textContent = given.what;
  digits.textContent = given.digits;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(given.digits);
      button.textContent = button.dataset.done;
    } catch { getSelection().selectAllChildren(digits); }
  });
  return part;
}

function flat(given) {
  const part = template("flat"), put = name => part.querySelector(`[data-is=${name}]`);
  part.querySelector(".balance").classList.add(given.state);
  for (const name of ["name", "balance", "site"]) put(name).textContent = given[name];
  put("site").href = given.site;
  put("lines").append(...given.lines.map(line));
  put("landlord").append(...given.landlord.map(line));
  put("codes").append(...given.codes.map(code));
  for (const each of part.querySelectorAll("[data-if]")) each.hidden = given[each.dataset.if].length === 0;
  for (const each of part.querySelectorAll("[data-unless]")) each.hidden = given[each.dataset.unless].length > 0;
  return part;
}

async function show() {
  if (!("caches" in window) || !await caches.has("kept")) return;
  const answer = await (await caches.open("kept")).match(place.dataset.kept);
  // Of a tenancy that has ended meanwhile nothing is shown.
  const flats = answer ? (await answer.json()).flats.filter(each => each.ends_ms === null || each.ends_ms > Date.now()) : [];
  if (flats.length === 0) return void await caches.delete("kept");
  const age = document.getElementById("age");
  age.textContent = age.dataset.said.replace("{time}", since(Number(answer.headers.get("Heard-At"))));
  age.hidden = false;
  document.getElementById("nothing").hidden = true;
  document.getElementById("again").parentElement.before(...flats.map(flat));
}

async function look() {
  const answer = await fetch(place.dataset.alive, {method: "HEAD", cache: "no-store"}).catch(() => null);
  if (answer?.ok) goBack();
}

// Who is on the way to another page gets that one. Who calls a telephone number stays, which is seen later.
let isLeaving = false;
window.addEventListener("beforeunload", () => { isLeaving = true; });

function goBack() {
  if (!isLeaving) location.reload();
}

document.getElementById("again").addEventListener("click", () => location.reload());
window.addEventListener("online", goBack);
setInterval(() => {
  isLeaving = false;
  if (!document.hidden) look();
}, AGAIN);
show().catch(() => {});
