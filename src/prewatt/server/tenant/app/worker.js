// The app's worker: it stands between the pages and the network of one phone. Its law:
// 1. A page comes from the network and is never kept. If none comes, what is shown says so, and what was last known, with its age.
// 2. A static file whose name has its hash never changes: it comes from the phone once it was fetched.
// 3. What is kept of a person is what `GIVEN.kept` answers, of one login, and lies in this phone alone. It goes with a log-out,
//    with the first page that is nobody's or another login's, and when the server has nothing to keep any more.
// 4. A push is shown, and a tap on it opens the page that it names; its button, the page where such messages are stopped or changed.
//    Who logs out, or whose phone somebody else logs in on, gets none here any more, and what was shown goes.
// 5. A worker of another version takes over as soon as the one before rests, and takes its files away. That is at once, but where a
//    page is asked for in that very instant: Chromium then starts the one before again, and ends it after 30 seconds without a request.
// Before this text stands GIVEN, from the server: `version`, `files`, the addresses `home`, `kept`, `offline`, `logout` and `icon`,
// and `patience`, the milliseconds that the first page may take before the last known is shown instead.

const OURS = "files ", FILES = OURS + GIVEN.version, KEPT = "kept"; // Other workers of this address have caches, too.
const LOGIN = "login ", NOBODY = "-"; // The name of an empty cache says who was logged in here last.
const HASHED = /^\/static\/.+\.[0-9a-f]{12}\.\w+$/;
const NO_ANSWER = [502, 504]; // A proxy says that the server is away.
let forgotten = 0;            // So often was all forgotten: what was asked for before is not kept after.

self.addEventListener("install", event => event.waitUntil((async () => {
  const cache = await caches.open(FILES);
  await Promise.all([cache.addAll(GIVEN.files), fetchOffline(cache)]);
  await self.skipWaiting();
})()));

self.addEventListener("activate", event => event.waitUntil((async () => {
  await tidy();
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
})()));

self.addEventListener("fetch", event => {
  const {request} = event, {origin, pathname} = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (request.method === "GET") event.respondWith(page(event, pathname === GIVEN.home));
    else if (pathname === GIVEN.logout) event.respondWith(leave(request));
  } else if (request.method === "GET" && HASHED.test(pathname)) event.respondWith(file(event));
});

self.addEventListener("message", event => { if (event.data === "look") event.waitUntil(look()); });

self.addEventListener("push", event => {
  const told = event.data.json();
  const actions = told.change ? [{action: "change", title: told.label}] : [];
  const data = {link: told.link, change: told.change};
  const notice = {body: told.text, tag: told.key, data, actions, icon: GIVEN.icon};
  event.waitUntil(Promise.all([self.registration.showNotification(told.title, notice), look()]));
});

self.addEventListener("notificationclick", event => {
  event.notification.close();
  const {link, change} = event.notification.data ?? {};
  event.waitUntil(show((event.action === "change" ? change : link) || GIVEN.home));
});

async function show(link) {
  // A page on which something may have been typed is left alone.
  const shown = (await self.clients.matchAll({type: "window"})).find(each => each.url === link);
  return shown ? shown.focus() : self.clients.openWindow(link);
}

async function page(event, isHome) {
  try {
    const asked = ask(event, isHome), isAwaited = isHome && await keptAnswer() !== undefined;
    const answer = await (isAwaited ? Promise.race([asked, tooLate()]) : asked);
    if (isAwaited && NO_ANSWER.includes(answer.status)) throw new Error(answer.status);
    event.waitUntil(check(answer));
    return answer;
  } catch {
    return await caches.match(GIVEN.offline) ?? Response.error();
  }
}

async function ask(event) {
  return await event.preloadResponse ?? fetch(event.request);
}

function tooLate() {
  return new Promise((_, refuse) => setTimeout(() => refuse(new Error("late")), GIVEN.patience));
}

async function file(event) {
  const cache = await files(), known = await cache?.match(event.request, {ignoreVary: true});
  if (known) return known;
  const answer = await fetch(event.request);
  // A phone that is full goes on without.
  if (cache && answer.ok) event.waitUntil(cache.put(event.request, answer.clone()).catch(() => {}));
  return answer;
}

// None once a worker of another version has taken it away: a page of before may still ask this one.
async function files() {
  return await caches.has(FILES) ? caches.open(FILES) : undefined;
}

// Again with each look: the worker before may have opened its files once more while it ended.
async function tidy() {
  for (const name of await caches.keys()) if (name.startsWith(OURS) && name !== FILES) await caches.delete(name);
}

async function keptAnswer() {
  return await caches.has(KEPT) ? (await caches.open(KEPT)).match(GIVEN.kept) : undefined;
}

async function forget() {
  forgotten += 1;
  await caches.delete(KEPT);
}

async function leave(request) {
  await forget();
  const answer = await fetch(request);
  // Who is asked first whether they can come back has not left.
  if (answer.type === "opaqueredirect") await silence();
  return answer;
}

async function silence() {
  await (await self.registration.pushManager?.getSubscription())?.unsubscribe();
  for (const each of await self.registration.getNotifications()) each.close();
}

// Whose the answer is: an answer that does not say it says nothing.
async function check(answer) {
  const login = answer.headers.get("Prewatt-Login"), known = login === null ? undefined : await keptAnswer();
  // Nobody's page ends what is still asked for, too.
  if (login === NOBODY || (known && known.headers.get("Prewatt-Login") !== login)) await forget();
  if (login !== null && login !== NOBODY) await meet(LOGIN + login);
}

async function meet(name) {
  const before = (await caches.keys()).filter(each => each.startsWith(LOGIN));
  if (before.includes(name)) return;
  await caches.open(name);
  for (const each of before) await caches.delete(each);
  if (before.length) await silence();
}

async function look() {
  // One that waits to take over has its files already, and takes ours away when it does.
  const isLast = !self.registration.installing && !self.registration.waiting;
  if (isLast && self.serviceWorker?.state === "activated") await tidy();
  const before = forgotten, known = await keptAnswer();
  const headers = known ? {"If-None-Match": known.headers.get("ETag")} : {};
  let answer;
  try {
    answer = await fetch(GIVEN.kept, {headers, redirect: "manual", cache: "no-store"});
  } catch { return; }
  if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) await forget();
  else if (before === forgotten && (answer.ok || (answer.status === 304 && known))) await keep(answer.ok ? answer : known, before);
}

async function keep(answer, before) {
  const body = await answer.text(), headers = new Headers({"Heard-At": Date.now()});
  for (const name of ["ETag", "Prewatt-Login", "Content-Language", "Content-Type"]) headers.set(name, answer.headers.get(name) ?? "");
  const cache = await caches.open(KEPT);
  await cache.put(GIVEN.kept, new Response(body, {headers}));
  if (before !== forgotten) await caches.delete(KEPT);
  const own = await files(), shown = await own?.match(GIVEN.offline);
  // Somebody reads another language now.
  if (own && shown?.headers.get("Content-Language") !== headers.get("Content-Language")) await fetchOffline(own).catch(() => {});
}

async function fetchOffline(cache) {
  const answer = await fetch(GIVEN.offline, {cache: "no-store"});
  if (!answer.ok) throw new Error(answer.status);
  await cache.put(GIVEN.offline, answer);
}
