// What pages do in the browser. Their policy allows neither styles nor scripts within the page.

// The sizes of charts, in percent: <i data-height="40">. Parts of the page come and change later, too.
const SIZES = {height: "height", width: "width", left: "left", shade: "--shade"};
const CHARTS = Object.keys(SIZES).map(name => `[data-${name}]`).join();
const size = mark => {
  for (const [name, property] of Object.entries(SIZES))
    if (name in mark.dataset) mark.style.setProperty(property, `${mark.dataset[name]}%`);
};
const sizeAll = part => {
  if (part.matches(CHARTS)) size(part);
  part.querySelectorAll(CHARTS).forEach(size);
};
sizeAll(document.body);
new MutationObserver(changes => {
  for (const change of changes)
    for (const part of change.addedNodes.length || change.type === "childList" ? change.addedNodes : [change.target])
      if (part instanceof Element) sizeAll(part);
}).observe(document.body, {
  subtree: true, childList: true, attributes: true, attributeFilter: Object.keys(SIZES).map(name => `data-${name}`),
});

// Amounts that are often paid, and papers that are printed.
document.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (button && "fill" in button.dataset) button.form.amount.value = button.dataset.fill;
  if (button && "print" in button.dataset) window.print();
});
