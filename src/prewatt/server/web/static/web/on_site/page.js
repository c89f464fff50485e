// The page On site: what the phone keeps, a visit at a gateway, and what is done there. Its words stand in the page.
(root => {
"use strict";

const P = root.PrewattOnSite, {phone} = P;
const page = document.querySelector("[data-on-site]"), language = document.documentElement.lang;
const MINUTE_US = 60e6, HOUR_US = 3600e6, NANO = 9;
const CLOCKS_DIFFER_US = 5 * MINUTE_US;
const part = name => page.querySelector(`[data-part="${name}"]`);
const field = (name, where = page) => where.querySelector(`[data-field="${name}"]`);
const show = (element, yes) => { element.hidden = !yes; };
const put = (name, words, where) => { field(name, where).textContent = words; };
const known = new Map([...page.querySelectorAll("[data-word]")].map(each => [each.dataset.word, each.textContent.trim()]));
const word = (name, places = {}) => (known.get(name) || name).replace(/\{(\w+)\}/g, (all, place) => places[place] ?? all);
const copy = name => page.querySelector(`[data-template="${name}"]`).content.firstElementChild.cloneNode(true);
const when = instant_us => new Intl.DateTimeFormat(language, {dateStyle: "medium", timeStyle: "short", hourCycle: "h23"})
  .format(new Date(instant_us / 1000));
const natural = (one, other) => one.name.localeCompare(other.name, language, {numeric: true});
const now_us = () => Date.now() * 1000;

// -- what people type: full-width digits and signs, too --------------------------------------------------------------

class Wrong extends Error {}
const plain = typed => typed.normalize("NFKC").replace(/。/g, ".").trim();
const whole = (typed, such) => {
  if (!plain(typed)) return 0;
  if (!/^\d{1,7}$/.test(plain(typed))) throw new Wrong(word("number", {such}));
  return Number(plain(typed));
};
// An amount in nano, by its digits: a number with a point would be rounded.
const nano = (typed, decimals) => {
  if (!plain(typed)) return 0;
  const digits = /^(\d{1,9})(?:[.,](\d*))?$/.exec(plain(typed));
  const such = (12.5).toLocaleString(language, {minimumFractionDigits: decimals, maximumFractionDigits: decimals});
  if (!digits || (digits[2] || "").length > decimals) throw new Wrong(word("money", {such, decimals}));
  return Number(digits[1] + (digits[2] || "").padEnd(NANO, "0"));
};
const money = (amount, decimals) => {
  const digits = String(amount).padStart(NANO + 1, "0"), point = digits.length - NANO;
  const rest = digits.slice(point, point + decimals);
  return digits.slice(0, point) + (rest ? (0.5).toLocaleString(language).charAt(1) + rest : "");
};

// -- what the phone keeps --------------------------------------------------------------------------------------------

let given = null, grants = [];
const choices = [...page.querySelectorAll('[data-form="order"] [name=do] option')];

const labels = name => {
  const choice = choices.find(each => each.value === name);
  return choice ? choice.textContent.trim() : word(`allowed-${name}`);
};
const bounds = grant => {
  if (!grant.actions.includes("restore")) return "";
  const {code, decimals} = grant.currency;
  const places = {amount: money(grant.most_amount, decimals), currency: code, hours: grant.longest / HOUR_US};
  if (grant.most_amount && grant.longest) return word("most", places);
  return word(grant.most_amount ? "most-amount" : grant.longest ? "most-hours" : "most-nothing", places);
};
const shown = grant => {
  const box = copy("grant"), holds = grant.ends > now_us();
  put("building", grant.property.name, box);
  put("holds", word(holds ? "holds" : "expired", {at: when(grant.ends)}), box);
  field("holds", box).classList.toggle("bad", !holds);
  put("may", word("may", {what: grant.actions.map(labels).join("; ")}), box);
  put("bounds", bounds(grant), box);
  for (const each of [...grant.meters].sort(natural)) {
    const line = document.createElement("li");
    line.textContent = each.name === each.meter ? each.meter : `${each.name} (${each.meter})`;
    field("meters", box).append(line);
  }
  return box;
};

const draw = async () => {
  const mark = phone.kept();
  given = mark ? await phone.grants() : null;
  grants = given ? given.grants.map(each => Object.assign(P.readGrant(each.grant), each, {ends: P.readGrant(each.grant).ends})) : [];
  const able = part("unable").hidden;
  show(part("begin"), able && !mark);
  show(part("kept"), mark);
  show(part("connect"), able && !visit);
  if (!mark) return;
  put("renewed", word("renewed", {at: when(mark.at * 1000)}));
  const notes = [grants.length ? "" : word("none"), given.has_more ? word("more") : ""].filter(Boolean);
  const lines = notes.map(text => Object.assign(document.createElement("p"), {textContent: text}));
  field("grants").replaceChildren(...grants.map(shown), ...lines);
};

const tell = name => { const box = field("not-renewed"); box.textContent = name; show(box, name); };
const renew = async () => {
  try {
    await phone.renew();
    tell("");
    drawPhones();
  } catch (error) {
    if (!phone.kept()) throw error;
    const at = when(phone.kept().at * 1000);
    tell(error.status === 401 || error.status === 403 ? word("log-in")
      : error.status ? word("error-server", {text: error.message}) : word("not-renewed", {at}));
  }
  await draw();
};

const drawPhones = async () => {
  const answer = await fetch("/api/v1/me/grants").catch(() => null);
  const rows = answer && answer.ok ? await answer.json() : [], others = new Map();
  for (const each of rows)
    if (each.public_key !== phone.kept()?.key) others.set(each.public_key, [...(others.get(each.public_key) || []), each]);
  show(part("phones"), others.size);
  field("phones").replaceChildren(...[...others].map(([key, list]) => {
    const line = copy("phone"), buildings = [...new Set(list.map(each => each.property))].join(", ");
    const ends = Math.max(...list.map(each => Date.parse(each.ends)));
    put("phone", word("phone", {key: key.slice(0, 8), buildings, at: when(ends * 1000)}), line);
    line.querySelector("button").addEventListener("click", () => attempt(async () => {
      await phone.call("/api/v1/me/grants/revoke", {public_key: key});
      say(word("phone-ended"));
      await renew();
    }));
    return line;
  }));
};

const forget = async () => {
  if (!await sure(word("forget"), word("forget-yes"))) return;
  const {key} = phone.kept();
  let told = true;
  try { await phone.call("/api/v1/me/grants/revoke", {public_key: key}); } catch (error) { told = false; }
  await phone.forget();
  tell("");
  say(word(told ? "forgotten" : "forgotten-here"), !told);
  await draw();
};

// -- a visit ---------------------------------------------------------------------------------------------------------

let visit = null, status = null, chosen = null, grant = null;

const sure = (question, yes) => {
  const dialog = page.querySelector('[data-dialog="sure"]');
  put("question", question, dialog);
  put("yes", yes, dialog);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), {once: true}));
};
const say = (text, bad) => {
  const line = document.createElement("li"), at = document.createElement("small");
  at.textContent = `${new Intl.DateTimeFormat(language, {timeStyle: "medium", hourCycle: "h23"}).format(new Date())} `;
  at.className = "quiet";
  line.append(at, text);
  line.className = bad ? "bad" : "";
  field("said").prepend(line);
  show(part("said"), true);
  put("now", "");
};
const words = error => {
  if (error instanceof Wrong) return error.message;
  if (error instanceof P.OnSiteError)
    return word(`error-${error.code}`, {text: error.text, gateway: visit ? visit.gateway : ""});
  if (error.name === "NotFoundError" || error.name === "SecurityError") return word("error-not-found");
  if (error.name === "NetworkError" && !("status" in error)) return word("error-torn");
  if (error instanceof TypeError) return word("error-no-network");
  return error.status ? word("error-server", {text: error.message}) : `${word("error-torn")} (${error.message})`;
};
// Do something once at a time, and say what came of it. What was typed stays typed.
let busy = false;
const wait = yes => {
  busy = yes;
  page.setAttribute("aria-busy", String(yes));
  for (const button of page.querySelectorAll("section button")) button.disabled = yes;
};
const attempt = async work => {
  if (busy) return;
  const focused = document.activeElement;
  wait(true);
  try { await work(); } catch (error) {
    say(words(error), true);
    if (visit && visit.gone) left();
  } finally {
    wait(false);
    put("now", "");
    if (document.activeElement === document.body) focused.focus();
  }
};

const state = meter => {
  const is = name => meter.switch === word(`progress-${name}`);
  if (meter.closed === null) return ["unknown", "unknown"];
  if (is("failed")) return [meter.closed ? "not-on" : "not-off", "soon"];
  if (is("button")) return ["button", "soon"];
  if (!meter.switch || is("seen")) return meter.closed ? ["on", "ok"] : ["off", "off"];
  return [meter.closed ? "told-on" : "told-off", "soon"];
};
const chip = (element, meter) => {
  const [name, kind] = state(meter);
  element.textContent = word(`state-${name}`);
  element.className = `chip ${kind}`;
};
// What the gateway calls a flat; else what the server called it when the grant was renewed.
const named = meter => {
  const told = grant && grant.meters.find(each => each.meter === meter.meter);
  return {...meter, name: meter.unit || (told ? told.name : meter.meter)};
};

const drawVisit = () => {
  show(part("visit"), visit);
  show(part("connect"), !visit && part("unable").hidden);
  show(part("flat"), visit && chosen);
  if (!visit) return;
  put("where", `${visit.property} · ${word("gateway", {gateway: visit.gateway})}`);
  put("network", word(status.online ? "online" : "offline"));
  field("network").className = `chip ${status.online ? "ok" : "silent"}`;
  put("checked", word(status.isChecked ? "checked" : "unchecked"));
  field("checked").className = `chip ${status.isChecked ? "ok" : "doubtful"}`;
  const differs = Math.abs(status.at - now_us()) > CLOCKS_DIFFER_US;
  put("clock", word(differs ? "clock-wrong" : "clock", {at: when(status.at)}));
  show(page.querySelector('[data-do="clock"]'), differs && visit.grant && visit.grant.actions.includes("set-clock"));
  const meters = status.meters.map(named).sort(natural);
  show(part("search"), meters.length > 8);
  const wanted = plain(field("search").value).toLowerCase();
  field("flats").replaceChildren(...meters.filter(each => `${each.name} ${each.meter}`.toLowerCase().includes(wanted)).map(each => {
    const line = copy("flat");
    put("name", each.name, line);
    put("meter", each.name === each.meter ? "" : each.meter, line);
    chip(field("state", line), each);
    const button = line.querySelector("button");
    button.setAttribute("aria-pressed", String(chosen === each.meter));
    button.addEventListener("click", () => {
      chosen = each.meter;
      for (const where of ["order", "code"]) { form(where).reset(); answered(form(where), ""); }
      drawVisit();
      part("flat").focus();
    });
    return line;
  }));
  if (chosen) drawFlat(meters.find(each => each.meter === chosen));
};

const drawFlat = meter => {
  if (!meter) return;
  const may = visit.grant ? visit.grant.actions : [];
  put("flat", meter.name === meter.meter ? meter.name : `${meter.name} · ${meter.meter}`);
  chip(field("state", part("flat")), meter);
  const allowed = choices.filter(each => !each.value || may.includes(each.value)), {do: picked} = form("order").elements;
  const before = picked.value;
  picked.replaceChildren(...allowed);
  // Who stands before a dark flat has most likely come to bring the light back.
  picked.value = before || (meter.closed === false && may.includes("restore") ? "restore" : "");
  const any = allowed.length > 1;
  show(form("order"), any);
  show(form("head"), may.includes("read-head"));
  show(part("no-grant"), !any);
  if (grant) put("currency", grant.currency.code);
  drawDetails();
};
const form = name => page.querySelector(`[data-form="${name}"]`);
const drawDetails = () => {
  const [picked] = form("order").elements.do.selectedOptions, {says = "", fields = ""} = picked ? picked.dataset : {};
  put("says", says);
  for (const each of form("order").querySelectorAll("[data-detail]")) show(each, fields.split(" ").includes(each.dataset.detail));
  show(part("bounds"), /hours|amount|watts/.test(fields));
};

const look = async () => { status = await visit.status(); drawVisit(); };

const connect = async () => {
  put("now", word("finding"));
  const transport = await P.bluetooth.connect();
  visit = new P.Visit(transport, phone, language);
  chosen = grant = null;
  show(field("closed"), false);
  const mine = grants.filter(each => each.gateways.some(one => one.gateway === visit.gateway));
  grant = mine[0] || null;
  const keys = grant && grant.gateways.find(each => each.gateway === visit.gateway);
  status = await visit.status(keys ? keys.key : null);
  if (grant) {
    // Whoever lost a phone is shut out by the next phone that comes, also where no network brings the list.
    await visit.bring(grant.revocations);
    try { await visit.open(grant); } catch (error) {
      if (visit.gone) throw error;
      closed(words(error));
    }
  } else if (phone.kept()) closed(word("error-not-covered", {gateway: visit.gateway}));
  drawVisit();
};
const closed = text => { put("closed", text); show(field("closed"), true); say(text, true); };

const left = () => {
  if (visit) Promise.resolve(visit.close()).catch(() => {});
  visit = status = chosen = null;
  drawVisit();
};

// The instant until which something lasts is counted on the gateway's clock, which decides.
const until = async hours => (hours ? (await visit.status()).at + hours * HOUR_US : 0);

const answered = (where, text, done) => {
  const box = field("answer", where);
  box.textContent = text;
  box.className = `notice ${done ? "success" : "error"}`;
  show(box, text);
};
const obey = async (where, work) => {
  answered(where, "");
  const meter = named(status.meters.find(each => each.meter === chosen));
  await attempt(async () => {
    let answer;
    try {
      const what = await work(meter);
      if (!what) return;
      put("now", word("busy"));
      answer = await what();
    } catch (error) {
      answered(where, words(error), false);
      if (error instanceof Wrong) return;
      throw error;
    }
    const text = word(answer.head ? "head" : "done", {flat: meter.name, text: answer.text, head: answer.head});
    answered(where, text, answer.done);
    say(text, !answer.done);
    if (answer.done) where.reset();
    await look();
  });
};

form("order").addEventListener("submit", event => {
  event.preventDefault();
  const where = event.target, values = new FormData(where), [picked] = where.elements.do.selectedOptions;
  const has = name => picked.dataset.fields.split(" ").includes(name);
  obey(where, async meter => {
    const hours = has("hours") ? whole(values.get("hours"), "6") : 0;
    const amount = has("amount") ? nano(values.get("amount"), grant.currency.decimals) : 0;
    const watts = has("watts") ? whole(values.get("watts"), "2000") : 0;
    if (has("amount") && !amount && !hours) throw new Wrong(word("bound"));
    if ("darkens" in picked.dataset) {
      const label = labels(picked.value);
      if (!await sure(word("sure", {flat: meter.name, order: label}), label)) return null;
    }
    return async () => {
      const details = {override: values.has("override") && has("override"), watts, amount, until: await until(hours)};
      return visit.instruct(P.act(meter.meter, P.order(picked.value, details), plain(values.get("reason"))));
    };
  });
});
form("code").addEventListener("submit", event => {
  event.preventDefault();
  const typed = plain(new FormData(event.target).get("digits")).replace(/[\s-]/g, "");
  obey(event.target, meter => {
    if (!/^\d{20}$/.test(typed)) throw new Wrong(word("digits", {count: typed.replace(/\D/g, "").length}));
    return () => visit.typeCode(meter.meter, typed);
  });
});
form("head").addEventListener("submit", event => {
  event.preventDefault();
  attempt(async () => {
    const meter = named(status.meters.find(each => each.meter === chosen)), answer = await visit.instruct(P.readHead(chosen));
    say(word(answer.head ? "head" : "done", {flat: meter.name, text: answer.text, head: answer.head}), !answer.done);
  });
});
form("order").addEventListener("change", drawDetails);
field("search").addEventListener("input", drawVisit);

const ACTS = {
  begin: async () => { await phone.renew(); await draw(); keep(); },
  renew, forget, connect, look,
  leave: async () => left(),
  clock: async () => {
    const answer = await visit.instruct(P.setClock(now_us()));
    say(answer.text, !answer.done);
    await look();
  },
};
page.addEventListener("click", event => {
  const button = event.target.closest("[data-do]");
  if (button) attempt(async () => {
    try { await ACTS[button.dataset.do](); } catch (error) { if (visit && !status) left(); throw error; }
  });
});

// -- the beginning ---------------------------------------------------------------------------------------------------

// The page opens without a network from now on.
const keep = () => {
  if ("serviceWorker" in navigator)
    navigator.serviceWorker.register(page.dataset.worker, {scope: location.pathname}).catch(() => {});
};
const begin = async () => {
  const able = {insecure: isSecureContext, bluetooth: P.bluetooth.isThere()};
  able.keys = !able.insecure || await phone.canSign();
  const why = ["insecure", "bluetooth", "keys"].find(name => !able[name]);
  show(part("unable"), why);
  if (why) show(page.querySelector(`[data-why="${why}"]`), true);
  await draw();
  if (phone.kept()) {
    keep();
    await renew();
  }
};
begin();
})(globalThis);
