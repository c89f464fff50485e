// Draws what a meter used (`_chart.html`) by the library Chart.js. Without a script the table below says the same.
// Colours are those of the legend, words those of the template.

const OFTEN = 60_000; // A chart of the present is asked for anew at most so often while its page lives, ms.
const chosen = {measure: "energy", before: true, table: false}; // Stays when another period is shown.
let asked = Date.now();
let library = null; // Chart.js is fetched when a chart comes near the screen.

const colour = swatch => getComputedStyle(swatch).backgroundColor;

function hatched(context, ink) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.strokeStyle = ink;
  pen.lineWidth = 2;
  for (const shift of [-8, 0, 8]) {
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}

// What nobody knows is a hatched column of the whole height, and no bar of zero.
const gaps = {
  id: "gaps",
  beforeDatasetsDraw(chart, _event, {states, ink}) {
    const {ctx, chartArea, scales: {x}} = chart;
    const width = chartArea.width / states.length;
    ctx.save();
    ctx.fillStyle = hatched(ctx, ink);
    states.forEach((state, number) => {
      if (state === "unknown") ctx.fillRect(x.getPixelForValue(number) - width / 2, chartArea.top, width, chartArea.height);
    });
    ctx.restore();
  },
};

// A period of which nothing is known takes no place beside this one.
const isBeside = figure => chosen.before && !figure.querySelector("button[data-before]").hidden;

function datasets(figure, data, context) {
  const {measure} = chosen;
  const width = isBeside(figure) ? .62 : .94;
  const scale = measure === "energy" ? 1e3 : 1e9;
  const scaled = values => values.map(each => (each === null ? null : each / scale));
  const swatches = figure.querySelectorAll(".swatch[data-rate]");
  const bars = data.rates.map((rate, number) => {
    const plain = colour(swatches[number]);
    return {
      label: rate.name, data: scaled(rate[measure]), stack: "now", grouped: false, barPercentage: width, order: 1,
      backgroundColor: data.states.map(state => (state === "partly" ? hatched(context, plain) : plain)),
      borderColor: plain, borderWidth: data.states.map(state => (state === "partly" ? 1 : 0)),
    };
  });
  const more = figure.querySelector(".swatch.more");
  if (measure === "charge" && more)
    bars.push({
      label: more.parentElement.textContent, data: scaled(data.more), stack: "now", grouped: false, barPercentage: width, order: 1,
      backgroundColor: colour(more),
    });
  if (isBeside(figure))
    bars.push({
      label: figure.querySelector(".of-before").textContent, data: scaled(data.before[measure]).slice(0, data.labels.length),
      stack: "before", grouped: false, barPercentage: .94, order: 2, backgroundColor: colour(figure.querySelector(".swatch.before")),
      isBefore: true,
    });
  return bars;
}

function options(figure, data) {
  const energy = chosen.measure === "energy";
  const digits = energy ? 3 : data.digits;
  const unit = energy ? "kWh" : data.currency;
  const number = new Intl.NumberFormat(document.documentElement.lang, {minimumFractionDigits: digits, maximumFractionDigits: digits});
  const short = new Intl.NumberFormat(document.documentElement.lang, {maximumFractionDigits: 3});
  const look = getComputedStyle(figure);
  const line = colour(figure.querySelector(".swatch.before"));
  const says = value => `${number.format(value)} ${unit}`;
  return {
    animation: false, responsive: true, maintainAspectRatio: false,
    interaction: {mode: "index", intersect: false},
    scales: {
      x: {stacked: true, grid: {display: false}, ticks: {color: look.color, maxRotation: 0, autoSkipPadding: 12}},
      y: {
        stacked: true, beginAtZero: true, border: {display: false}, grid: {color: line},
        ticks: {color: look.color, maxTicksLimit: 5, callback: value => short.format(value)},
        title: {display: true, text: unit, color: look.color},
      },
    },
    plugins: {
      legend: {display: false},
      gaps: {states: data.states, ink: getComputedStyle(figure.querySelector(".swatch.unknown")).color},
      tooltip: {
        callbacks: {
          title: ([item]) => data.titles[item.dataIndex],
          label: item => (item.raw === null ? null : `${item.dataset.label.trim()}: ${says(item.raw)}`),
          footer(items) {
            const now = items.filter(each => !each.dataset.isBefore && each.raw !== null);
            const sum = now.length > 1 ? [`${figure.dataset.total}: ${says(now.reduce((all, each) => all + each.raw, 0))}`] : [];
            const note = data.notes[items[0]?.dataIndex];
            return note ? [...sum, note] : sum;
          },
        },
      },
    },
  };
}

function draw(figure) {
  const canvas = figure.querySelector("canvas[data-use]");
  if (!canvas) return;
  const data = JSON.parse(canvas.dataset.use);
  if (chosen.measure === "charge" && !data.currency) chosen.measure = "energy";
  // Where nothing is drawn the table stays open.
  figure.querySelector("details").open = chosen.table;
  figure.dataset.drawn = "";
  figure.querySelectorAll(".measures, .plot").forEach(each => { each.hidden = false; });
  for (const button of figure.querySelectorAll("button[data-measure]"))
    button.setAttribute("aria-pressed", button.dataset.measure === chosen.measure);
  figure.querySelector("button[data-before]").setAttribute("aria-pressed", chosen.before);
  figure.querySelectorAll(".of-charge").forEach(each => { each.hidden = chosen.measure !== "charge"; });
  figure.querySelector(".of-before").hidden = !isBeside(figure);
  Chart.getChart(canvas)?.destroy();
  Chart.defaults.font.family = getComputedStyle(figure).fontFamily;
  new Chart(canvas, {
    type: "bar", plugins: [gaps], options: options(figure, data),
    data: {labels: data.labels, datasets: datasets(figure, data, canvas.getContext("2d"))},
  });
}

function fetched(figure) {
  library ??= new Promise(done => {
    const script = document.createElement("script");
    script.src = figure.dataset.library;
    script.addEventListener("load", done);
    document.head.append(script);
  });
  return library;
}

const near = new IntersectionObserver(changes => {
  for (const {isIntersecting, target} of changes) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    fetched(target).then(() => { if (target.isConnected) draw(target); });
  }
}, {rootMargin: "400px"});

const drawAll = () => document.querySelectorAll("figure.use").forEach(figure => {
  if ("Chart" in window) draw(figure);
  else near.observe(figure);
});

document.addEventListener("click", event => {
  const button = event.target.closest("figure.use button");
  if (!button) return;
  if ("measure" in button.dataset) chosen.measure = button.dataset.measure;
  if ("before" in button.dataset) chosen.before = !chosen.before;
  drawAll();
});
document.addEventListener("htmx:afterSettle", event => {
  if (event.target.id === "use") drawAll();
  // What the page shows has changed: so may the present of the chart.
  const runs = document.querySelector("figure.use[data-runs]");
  if (event.target.id === "live" && runs && Date.now() - asked > OFTEN) {
    asked = Date.now();
    htmx.ajax("GET", runs.dataset.address, {target: "#use", swap: "outerHTML"});
  }
});
document.addEventListener("toggle", event => {
  if (event.target.matches("figure.use[data-drawn] > details")) chosen.table = event.target.open;
}, true);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
drawAll();
