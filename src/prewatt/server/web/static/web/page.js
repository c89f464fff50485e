// What pages do in the browser. Their policy allows neither styles nor scripts within the page, and without this file all works.

// The sizes of charts, in percent: <i data-height="40">. Parts of the page come and change later, too.
const SIZES = {height: "height", width: "width", left: "left", shade: "--shade"};
const CHARTS = Object.keys(SIZES).map(name => `[data-${name}]`).join();
const size = mark => {
  for (const [name, property] of Object.entries(SIZES))
    if (name in mark.dataset) mark.style.setProperty(property, `${mark.dataset[name]}%`);
};

// On a phone each row of a table is a card, whose cells say what they are: what the head of their column says.
const label = table => {
  const heads = [...table.querySelectorAll("thead th")].map(head => head.textContent.trim());
  for (const row of table.tBodies ? [...table.tBodies].flatMap(body => [...body.rows]) : [])
    if (row.cells.length === heads.length)
      [...row.cells].forEach((cell, at) => { cell.dataset.label ??= heads[at]; });
};

// A form that was refused is gone on with at its first wrong field.
document.querySelector("main [aria-invalid]")?.focus();

// What is wider than its place can be scrolled by keyboard, too.
const reach = box => {
  if (box.scrollWidth > box.clientWidth) {
    box.tabIndex = 0;
    box.setAttribute("role", "group");
  } else box.removeAttribute("tabindex");
};
// Where one is stands in the middle of its strip; the page itself stays where its address has brought it.
document.querySelectorAll(".rooms [aria-current], .tabs [aria-current]").forEach(each => {
  const strip = each.closest(".rooms, .tabs");
  const [inside, outside] = [each, strip].map(part => part.getBoundingClientRect());
  strip.scrollLeft += inside.left - outside.left - (outside.width - inside.width) / 2;
});
const boxes = new ResizeObserver(changes => changes.forEach(change => reach(change.target)));

const WHAT = [[CHARTS, size], ["table.cards", label], [".scroll", box => boxes.observe(box)]];
const all = part => {
  for (const [which, act] of WHAT) {
    if (part.matches(which)) act(part);
    part.querySelectorAll(which).forEach(act);
  }
};
all(document.body);
new MutationObserver(changes => {
  for (const change of changes)
    for (const part of change.addedNodes.length || change.type === "childList" ? change.addedNodes : [change.target])
      if (part instanceof Element) all(part);
}).observe(document.body, {
  subtree: true, childList: true, attributes: true, attributeFilter: Object.keys(SIZES).map(name => `data-${name}`),
});

// Amounts that are often paid, and papers that are printed.
document.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (button && "fill" in button.dataset) button.form.amount.value = button.dataset.fill;
  if (button && "print" in button.dataset) window.print();
});

// What darkens or costs is asked once: <form data-sure="id"> opens <dialog class="sure" id="id">, whose button of value "yes" sends.
document.addEventListener("submit", event => {
  const form = event.target, dialog = document.getElementById(form.dataset.sure ?? "");
  if (!dialog || "asked" in form.dataset) return;
  event.preventDefault();
  dialog.returnValue = "";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return;
    form.dataset.asked = "";
    form.requestSubmit(event.submitter);
  }, {once: true});
  dialog.showModal();
});

// A phone that works on site renews what it may do on each page (on_site/phone.js). The page On site has that script itself.
const {phone} = document.body.dataset;
try {
  if (phone && localStorage.getItem("on-site") && !document.querySelector("[data-on-site]"))
    document.head.append(Object.assign(document.createElement("script"), {src: phone}));
} catch (error) { /* A browser that keeps nothing keeps no grants either. */ }
