/**
 * How a language writes amounts, energy, days and instants. The server sends exact decimals as text; they are rounded and
 * grouped as text, too, and never become a float.
 */

const { localeOf } = require('./languages');
const { fill } = require('./texts');

const NO_BREAK = '\u00a0';
const MINUTE = 60000;
const DAY = 24 * 60 * MINUTE;

/** @param {number} value @returns {string} two figures */
function two(value) {
  return (value < 10 ? '0' : '') + value;
}

/** @param {string} figures a whole number @returns {string} the next one */
function next(figures) {
  let at = figures.length - 1;
  while (at >= 0 && figures[at] === '9') at -= 1;
  const zeros = '0'.repeat(figures.length - 1 - at);
  return at < 0 ? `1${zeros}` : figures.slice(0, at) + (Number(figures[at]) + 1) + zeros;
}

/**
 * @param {string} text an exact decimal: -12.345
 * @param {number} decimals how many to keep; what lies in the middle goes to the even figure, as the server does
 * @returns {string}
 */
function rounded(text, decimals) {
  const sign = text[0] === '-' ? '-' : '';
  const parts = text.replace(/^[-+]/, '').split('.');
  const rest = (parts[1] || '').padEnd(decimals, '0');
  const kept = parts[0] + rest.slice(0, decimals);
  const cut = rest.slice(decimals).replace(/0+$/, '');
  const isOdd = Number(kept[kept.length - 1]) % 2 === 1;
  const figures = cut > '5' || (cut === '5' && isOdd) ? next(kept) : kept;
  const whole = figures.slice(0, figures.length - decimals);
  const value = decimals ? `${whole}.${figures.slice(figures.length - decimals)}` : whole;
  return (/[1-9]/.test(value) ? sign : '') + value;
}

/**
 * @param {string} text an exact decimal
 * @param {string} language
 * @returns {string} with the language's signs, its figures in groups
 */
function number(text, language) {
  const { signs } = localeOf(language).rules;
  const sign = /^[-+]/.test(text) ? text[0] : '';
  const parts = text.replace(/^[-+]/, '').split('.');
  const whole = parts[0].replace(/\B(?=(\d{3})+$)/g, signs[1]);
  return sign + whole + (parts.length > 1 ? signs[0] + parts[1] : '');
}

/**
 * @param {string} text an exact decimal of money
 * @param {{decimals: number}} currency
 * @param {string} language
 */
function money(text, currency, language) {
  return number(rounded(text, currency.decimals), language);
}

/**
 * @param {string} text an exact decimal of money
 * @param {{decimals: number, sign: string}} currency
 * @param {string} language
 * @returns {string} with its currency behind it: 12.50 EUR
 */
function moneyWithSign(text, currency, language) {
  return money(text, currency, language) + NO_BREAK + currency.sign;
}

/**
 * A price or an energy without zeros at the end that say nothing.
 * @param {string} text
 * @param {string} language
 */
function short(text, language) {
  return number(text.indexOf('.') < 0 ? text : text.replace(/0+$/, '').replace(/\.$/, ''), language);
}

/** Energy in kWh for a glance, to a tenth. @param {string} text @param {string} language */
function kwh(text, language) {
  return number(rounded(text, 1), language);
}

/** A power in kW. @param {number} watts whole @param {string} language */
function kw(watts, language) {
  const sign = watts < 0 ? '-' : '';
  const figures = String(Math.abs(watts)).padStart(4, '0');
  return number(sign + rounded(`${figures.slice(0, -3)}.${figures.slice(-3)}`, 2), language);
}

/**
 * How long a bar is, in whole percent of the largest.
 * @param {string} text
 * @param {string} largest
 */
function share(text, largest) {
  // Whole thousandths: exact for a picture, and no money is reckoned with.
  const whole = (/** @type {string} */ each) => Number(rounded(each, 3).replace('.', ''));
  return whole(largest) > 0 ? Math.max(0, Math.round((100 * whole(text)) / whole(largest))) : 0;
}

/** @param {string} a @param {string} b exact decimals that are not below 0 @returns {boolean} whether a is more than b */
function isMore(a, b) {
  const [left, right] = [rounded(a, 9), rounded(b, 9)];
  const length = Math.max(left.length, right.length);
  return left.padStart(length, '0') > right.padStart(length, '0');
}

/** @param {string} a @param {string} b exact decimals that are not below 0 @returns {string} their exact sum */
function plus(a, b) {
  const length = Math.max(a.length, b.length, 10) + 10;
  const [left, right] = [rounded(a, 9), rounded(b, 9)].map((each) => each.replace('.', '').padStart(length, '0'));
  let carried = 0;
  let sum = '';
  for (let at = length - 1; at >= 0; at -= 1) {
    const figure = Number(left[at]) + Number(right[at]) + carried;
    carried = figure > 9 ? 1 : 0;
    sum = String(figure % 10) + sum;
  }
  return `${sum.slice(0, -9).replace(/^0+(?=\d)/, '')}.${sum.slice(-9)}`;
}

/**
 * @param {number} year @param {number} month from 1 @param {number} day 0: the month alone
 * @param {string[]} months the language's names of months
 * @param {string} language
 * @returns {string} 6 Oct 2026, 6. Okt. 2026, 2026年10月6日
 */
function dated(year, month, day, months, language) {
  const { rules } = localeOf(language);
  return fill(day ? rules.day : rules.month, { year, month, month_name: months[month - 1], day });
}

/** A day or month such as 2026-10-06 or 2026-10. @param {string} text @param {string[]} months @param {string} language */
function day(text, months, language) {
  const parts = text.split('T')[0].split('-').map(Number);
  return dated(parts[0], parts[1], parts[2] || 0, months, language);
}

/** The day of an instant on the phone's calendar: 6 Oct 2026. @param {string} instant @param {string[]} months @param {string} language */
function dayOf(instant, months, language) {
  const at = new Date(instant);
  return dated(at.getFullYear(), at.getMonth() + 1, at.getDate(), months, language);
}

/** The time of day on the phone's clock: 13:30. @param {string|number} instant */
function clock(instant) {
  const at = new Date(instant);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A day of this year: 6 Oct, 6. Okt., 10月6日. @param {Date} at @param {string[]} months @param {string} language */
function shortDay(at, months, language) {
  const month = at.getMonth();
  return fill(localeOf(language).rules.short_day, { month: month + 1, month_name: months[month], day: at.getDate() });
}

/** An instant on the phone's clock: 6 Oct, 13:30. @param {string} instant @param {string[]} months @param {string} language */
function when(instant, months, language) {
  return fill(localeOf(language).rules.instant, { day: shortDay(new Date(instant), months, language), clock: clock(instant) });
}

/** A day on the phone's calendar, as the server takes it: 2026-10-06. @param {Date} at */
function isoDay(at) {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/**
 * How old something is, in the largest unit that is full.
 * @param {number} ms
 * @returns {{unit: 'moments'|'minutes'|'hours'|'days', count: number}}
 */
function age(ms) {
  if (ms < 2 * MINUTE) return { unit: 'moments', count: 0 };
  if (ms < 120 * MINUTE) return { unit: 'minutes', count: Math.floor(ms / MINUTE) };
  if (ms < 2 * DAY) return { unit: 'hours', count: Math.floor(ms / (60 * MINUTE)) };
  return { unit: 'days', count: Math.floor(ms / DAY) };
}

/** The figures of a code in groups of four. @param {string} digits */
function groups(digits) {
  return digits.replace(/\D/g, '').match(/.{1,4}/g) || [];
}

module.exports = {
  rounded, number, money, moneyWithSign, short, kwh, kw, share, isMore, plus, day, dayOf, shortDay, clock, when, isoDay, age, groups,
};
