// The worker of the page On site: it opens the page without a network. Before this text stands KEPT, from the server: the page, its files,
// and the name of their cache.
const PATIENCE_MS = 4000;
self.addEventListener("install", event => {
  // Who is not logged in is led elsewhere: that is not kept in the page's place.
  event.waitUntil(caches.open(KEPT.cache).then(async cache => {
    await cache.put(KEPT.page, await fetch(KEPT.page, {redirect: "error"}));
    await cache.addAll(KEPT.files);
    await skipWaiting();
  }));
});
self.addEventListener("activate", event => {
  const old = name => name.startsWith("on-site-") && name !== KEPT.cache;
  event.waitUntil(caches.keys().then(names => Promise.all(names.filter(old).map(name => caches.delete(name))))
    .then(() => clients.claim()));
});
const fresh = async request => {
  const answer = await fetch(request, {signal: AbortSignal.timeout(PATIENCE_MS)});
  if (!answer.ok || answer.redirected || answer.type === "opaqueredirect") throw new Error(answer.status);
  await (await caches.open(KEPT.cache)).put(KEPT.page, answer.clone());
  return answer;
};
// A log-out takes the files away, and the worker is not installed anew for who comes next.
const file = async request => {
  const cache = await caches.open(KEPT.cache), kept = await cache.match(request, {ignoreVary: true});
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone()).catch(() => {});
  return answer;
};
self.addEventListener("fetch", event => {
  const {pathname} = new URL(event.request.url);
  // The page of the network while there is one, and while its login holds; else as it was last. It says nothing of anybody.
  if (event.request.mode === "navigate" && pathname === KEPT.page)
    event.respondWith(fresh(event.request).catch(async () => await caches.match(KEPT.page) || fetch(event.request)));
  else if (KEPT.files.includes(pathname)) event.respondWith(file(event.request));
});
