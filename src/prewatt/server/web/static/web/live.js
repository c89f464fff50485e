// The live part of a page: a stream says that something has changed, then the part is asked for once. Without a stream it is
// asked for now and then. A page that nobody sees has no stream and asks for nothing.

const SLOWLY = 30_000;   // Without a stream, ms.
const PATIENCE = 10_000; // So long may a stream be away before the page says so, ms.
let stream = null, opened = null, asking = null, last = 0, again = null, gone = null, lostAt = null;

const ticket = () => document.getElementById("ticket");

function ask(within) {
  if (asking !== null || document.hidden) return;
  const soonest = last + ticket().dataset.often * 1000 - Date.now();
  // Not all pages at the same moment.
  asking = setTimeout(() => {
    asking = null;
    last = Date.now();
    htmx.trigger("#live", "changed");
  }, Math.max(soonest, 0) + Math.random() * within);
}

function later() {
  clearTimeout(again);
  const streams = stream !== null && stream.readyState === EventSource.OPEN;
  const usual = ticket().dataset.again * 1000;
  // A page that watches nothing has no stream to do without.
  const isUsual = streams || opened === "";
  again = setTimeout(() => { ask(1000); later(); }, (isUsual ? usual : Math.min(usual, SLOWLY)) * (1 + Math.random() / 4));
}

function say() {
  const line = ticket(), time = lostAt.toLocaleTimeString(document.documentElement.lang, {hour: "2-digit", minute: "2-digit"});
  line.textContent = line.dataset.lost.replace("{time}", time);
  line.hidden = false;
}

function lost() {
  lostAt ??= new Date();
  gone ??= setTimeout(say, PATIENCE);
}

function found() {
  clearTimeout(gone);
  gone = lostAt = null;
  ticket().hidden = true;
}

function close() {
  stream?.close();
  stream = null;
  opened = null;
}

function open() {
  const from = ticket()?.dataset.stream;
  if (document.hidden || from === opened) return;
  close();
  opened = from;
  later();
  if (!from) return;
  stream = new EventSource(from);
  stream.addEventListener("open", () => { found(); later(); });
  stream.addEventListener("changed", event => ask(Number(event.data)));
  stream.addEventListener("now", event => {
    const now = document.getElementById("now");
    if (now) now.outerHTML = event.data;
  });
  stream.addEventListener("error", () => {
    // Ended for good: a new ticket is asked for. Otherwise the browser tries again by itself.
    if (stream.readyState === EventSource.CLOSED) ask(2000);
    else lost();
    later();
  });
}

if (ticket()) {
  open();
  document.addEventListener("htmx:afterSettle", () => { if (lostAt !== null && stream?.readyState !== EventSource.OPEN) lost(); open(); });
  document.addEventListener("htmx:afterRequest", event => { if (event.detail.successful) found(); else lost(); });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else { open(); ask(200); }
  });
  // The device itself has no network: that is certain, and said at once. A stream of before may seem open for long.
  window.addEventListener("offline", () => { lost(); say(); });
  window.addEventListener("online", () => { close(); open(); ask(200); });
}
