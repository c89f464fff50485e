/** Bars, their table and their sums, of what was used. No call is made here. */

const { fill } = require('../../lib/texts');
const forms = require('../../lib/forms');

/** Of so many bars one has its name below it. */
const EVERY = { day: 6, month: 5, year: 1 };

/** @param {string[]} texts exact decimals @returns {string} their exact sum */
function sum(texts) {
  return texts.reduce((whole, each) => forms.plus(whole, each), '0');
}

/** @param {string} begins on the building's clock: 2026-11, 2026-11-27, 2026-11-27T13:00 @returns {Date} the same on the phone's */
function beginning(begins) {
  const [year, month, day, hour, minute] = begins.split(/[-T:]/).map(Number);
  return new Date(year, month - 1, day || 1, hour || 0, minute || 0);
}

/** @param {string} begins @param {any} look @returns {string} */
function nameOf(begins, look) {
  const at = beginning(begins);
  if (look.by === 'day') return forms.clock(at.getTime());
  if (look.by === 'month') return forms.shortDay(at, look.t.months, look.language);
  return forms.day(forms.isoDay(at).slice(0, 7), look.t.months, look.language);
}

/** @param {string} begins @param {number} index @param {any} look */
function tickOf(begins, index, look) {
  const at = beginning(begins);
  if (look.by === 'year') return String(at.getMonth() + 1);
  if (look.by === 'day') return at.getHours() % EVERY.day === 0 && at.getMinutes() === 0 ? String(at.getHours()) : '';
  return index === 0 || at.getDate() % EVERY.month === 0 ? String(at.getDate()) : '';
}

/** @param {any[]} values @param {any} look */
function ratesOf(values, look) {
  /** @type {Map<string, {kwh: string[], money: string[]}>} */
  const rates = new Map();
  values.forEach((each) => each.by_rate.forEach((/** @type {any} */ part) => {
    const rate = rates.get(part.rate) || { kwh: [], money: [] };
    rate.kwh.push(part.kwh);
    rate.money.push(part.money);
    rates.set(part.rate, rate);
  }));
  return Array.from(rates, ([name, rate]) => ({
    name,
    kwh: `${forms.kwh(sum(rate.kwh), look.language)} kWh`,
    money: forms.moneyWithSign(sum(rate.money), look.currency, look.language),
  }));
}

/** @param {string} on @param {any} look */
function titleOf(on, look) {
  if (look.by === 'year') return on.slice(0, 4);
  return forms.day(look.by === 'month' ? on.slice(0, 7) : on, look.t.months, look.language);
}

/**
 * @param {any} use what `/me/tenancies/ID/usage` answers
 * @param {{by: string, on: string, now: Date, currency: any, t: any, language: string}} look
 */
function shown(use, look) {
  const { t, language, currency } = look;
  const written = (/** @type {string} */ energy) => (look.by === 'day' ? forms.number(forms.rounded(energy, 2), language) : forms.kwh(energy, language));
  const known = use.values.filter((/** @type {any} */ each) => each.kwh !== null);
  const largest = known.reduce((/** @type {string} */ most, /** @type {any} */ each) => (forms.isMore(each.kwh, most) ? each.kwh : most), '0');
  const bars = use.values.map((/** @type {any} */ each, /** @type {number} */ index) => {
    const isGap = each.state === 'unknown';
    return {
      key: each.begins,
      name: nameOf(each.begins, look),
      tick: tickOf(each.begins, index, look),
      shade: isGap ? 'unknown' : '',
      percent: isGap ? 100 : each.kwh === null ? 0 : forms.share(each.kwh, largest),
      kwh: each.kwh === null ? (isGap ? t.unknown : '') : `${written(each.kwh)} kWh`,
      money: each.money === null ? '' : forms.money(each.money, currency, language),
    };
  });
  const kwh = `${forms.kwh(sum(known.map((/** @type {any} */ each) => each.kwh)), language)} kWh`;
  const paid = known.filter((/** @type {any} */ each) => each.money !== null).map((/** @type {any} */ each) => each.money);
  const money = forms.moneyWithSign(sum(paid), currency, language);
  const title = titleOf(look.on, look);
  const length = { day: 10, month: 7, year: 4 }[look.by];
  return {
    bars,
    rows: bars.filter((/** @type {any} */ each) => each.kwh),
    kwh,
    money,
    title,
    largest: fill(t.largest, { kwh: written(largest) }),
    said: fill(t.said, { title, kwh, money }),
    has_gap: bars.some((/** @type {any} */ each) => each.shade === 'unknown'),
    is_now: look.on.slice(0, length) >= forms.isoDay(look.now).slice(0, length),
    rates: ratesOf(known, look),
  };
}

module.exports = { shown };
