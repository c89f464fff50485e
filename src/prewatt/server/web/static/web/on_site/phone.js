// What this phone keeps to work on site: its key, which never leaves it, and the grants of its owner. A grant is renewed while
// the server is reached, whenever a page of the console is open. Logging out forgets all of it.
(root => {
"use strict";

const MARK = "on-site", EACH_MS = 15 * 60 * 1000, ALGORITHM = {name: "Ed25519"};
const FILES = "on-site-";
const kept = () => { try { return JSON.parse(localStorage.getItem(MARK)); } catch (error) { return null; } };
const hex = bytes => Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, "0")).join("");

const store = async (mode, work) => {
  const database = await new Promise((resolve, reject) => {
    const asked = indexedDB.open(MARK, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(MARK);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(MARK, mode), asked = work(transaction.objectStore(MARK));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  } finally { database.close(); }
};

// Whether this browser can make such keys: Chromium from 137 on, Firefox from 129 on, Safari from 17 on; and only over https.
const canSign = async () => {
  try { return Boolean(await crypto.subtle.generateKey(ALGORITHM, false, ["sign"])); } catch (error) { return false; }
};

const call = async (path, body) => {
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  const answer = await fetch(path, {
    method: "POST", body: JSON.stringify(body), redirect: "error",
    headers: {"Content-Type": "application/json", "X-CSRFToken": token ? token.value : ""},
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const words = (said.errors || []).map(each => each.message).join(" ") || said.detail || "";
    throw Object.assign(new Error(words), {status: answer.status});
  }
  return said;
};

// Make the key if there is none, and get the grants for it. Throws what fetch throws if the server is not reached.
const renew = async () => {
  let pair = await store("readonly", box => box.get("key"));
  if (!pair) {
    pair = await crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);
    await store("readwrite", box => box.put(pair, "key"));
  }
  const key = hex(await crypto.subtle.exportKey("raw", pair.publicKey));
  const said = await call("/api/v1/me/grants", {public_key: key});
  if (said.login !== (kept() || {}).login && kept()) {
    // Somebody else has logged in on this phone: what was here is not theirs.
    await forget();
    return renew();
  }
  await store("readwrite", box => box.put(said, "grants"));
  localStorage.setItem(MARK, JSON.stringify({login: said.login, key, at: Date.now()}));
  return said;
};

const forget = async () => {
  localStorage.removeItem(MARK);
  await store("readwrite", box => box.clear());
  for (const name of await caches.keys()) if (name.startsWith(FILES)) await caches.delete(name);
};

const phone = {
  kept, renew, forget, call, canSign,
  grants: () => store("readonly", box => box.get("grants")),
  random: () => crypto.getRandomValues(new Uint8Array(32)),
  sign: async bytes => {
    const pair = await store("readonly", box => box.get("key"));
    return new Uint8Array(await crypto.subtle.sign(ALGORITHM, pair.privateKey, bytes));
  },
  verify: async (key, bytes, signature) => {
    const known = await crypto.subtle.importKey("raw", key, ALGORITHM, false, ["verify"]);
    return crypto.subtle.verify(ALGORITHM, known, signature, bytes);
  },
};
root.PrewattOnSite = Object.assign(root.PrewattOnSite || {}, {phone});

// On each page of the console: renew what is here, unless that was done not long ago.
if (kept() && !document.querySelector("[data-on-site]") && Date.now() - kept().at > EACH_MS) renew().catch(() => {});
// Who logs out leaves nothing on the phone: what is asked before the log-out waits for that.
document.addEventListener("submit", async event => {
  if (!event.target.matches("form[data-log-out]") || !kept()) return;
  event.preventDefault();
  await forget().catch(() => {});
  event.target.submit();
});
})(globalThis);
