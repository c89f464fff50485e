// A phone with workers, for test_workers.py: storage of the browser's kind, and a network that can be away. Tells in JSON what it found.
"use strict";

const vm = require("node:vm"), fs = require("node:fs");
const {story, sources} = JSON.parse(fs.readFileSync(0, "utf8"));
const ORIGIN = "https://power.example";
const path = asked => new URL(asked.url || asked, ORIGIN).pathname;
const stored = new Map();
let online = true;

class Store {
  constructor() { this.rows = new Map(); }
  async match(asked) { return this.rows.get(path(asked))?.clone(); }
  async put(asked, answer) { this.rows.set(path(asked), answer); }
  async addAll(list) { for (const each of list) await this.put(each, await net(each)); }
}
const caches = {
  open: async name => stored.get(name) || stored.set(name, new Store()).get(name),
  has: async name => stored.has(name),
  keys: async () => [...stored.keys()],
  delete: async name => stored.delete(name),
  match: async asked => {
    for (const each of stored.values()) if (await each.match(asked)) return each.match(asked);
    return undefined;
  },
};
const net = async asked => {
  if (!online) throw new TypeError("no network");
  return new Response(path(asked), {headers: {"Prewatt-Login": "anna"}});
};

const start = source => {
  const heard = {}, self = {
    addEventListener: (name, hear) => { heard[name] = hear; },
    skipWaiting: async () => {}, clients: {claim: async () => {}}, registration: {},
  };
  vm.runInNewContext(source, {
    self, caches, fetch: net, Response, Headers, URL, AbortSignal, TypeError, setTimeout, console,
    location: {origin: ORIGIN}, skipWaiting: self.skipWaiting, clients: self.clients,
  });
  return async (name, more = {}) => {
    const waited = [];
    let answer;
    heard[name]({...more, waitUntil: work => waited.push(work), respondWith: given => { answer = given; }});
    const said = await answer;
    await Promise.all(waited);
    return said;
  };
};
const here = () => [...stored.values()].flatMap(each => [...each.rows.keys()]);
const visit = (tell, url, mode) => tell("fetch", {request: {url: ORIGIN + url, method: "GET", mode}});

const STORIES = {
  update: async () => {
    const [onSite, tenants] = sources.map(start);
    await onSite("install");
    await onSite("activate");
    await (await caches.open("files 000000000000")).put("/static/old.js", new Response());
    await (await caches.open("kept")).put("/me/kept/", new Response("{}"));
    await tenants("install");
    await tenants("activate");
    return here();
  },
  "log-out": async () => {
    const [onSite] = sources.map(start);
    await onSite("install");
    await onSite("activate");
    const before = here().sort();
    // As phone.js forgets.
    for (const name of await caches.keys()) await caches.delete(name);
    const between = here();
    const all = async () => {
      const found = [];
      for (const each of before) {
        const answer = await visit(onSite, each, each.startsWith("/static/") ? "no-cors" : "navigate").catch(() => undefined);
        if (answer && await answer.text() === each) found.push(each);
      }
      return found;
    };
    await all();
    online = false;
    return {before, between, offline: await all()};
  },
};
STORIES[story]().then(found => console.log(JSON.stringify(found)));
