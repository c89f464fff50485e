/** The home page's words and figures, made of what the server says of a flat. No call is made here. */

const { fill } = require('../../lib/texts');
const forms = require('../../lib/forms');

const SHADES = ['ok', 'soon', 'off', 'silent', 'unknown', 'doubtful'];

/** @param {number} ms @param {any} t @returns {string} two hours ago */
function ago(ms, t) {
  const { unit, count } = forms.age(ms);
  return fill(t.ago[unit], { count }, count);
}

/** @param {any} state @param {any} t */
function daysLeft(state, t) {
  if (state.days_left === null) return '';
  return Number(state.days_left) < 1 ? t.no_day : fill(t.days, { days: state.days_left }, Number(state.days_left));
}

const WHILE_ON = ['pay', 'type-code', 'take-emergency'];

/**
 * What to do, as the server says it. Where the power is on it is for who sits in the dark all the same: then only what keeps it on.
 * @param {any} state
 */
function stepsOf(state) {
  const isOn = state.state === 'ok' || state.state === 'soon';
  const steps = state.why.what_to_do.filter((/** @type {any} */ each) => !isOn || WHILE_ON.indexOf(each.do) >= 0);
  return steps.map((/** @type {any} */ each) => each.text);
}

/** @param {any} state @param {any} t @param {string} language */
function codesOf(state, t, language) {
  return state.codes.map((/** @type {any} */ each) => ({
    digits: each.digits,
    groups: forms.groups(each.digits),
    about: each.order || fill(t.code_about, {
      amount: forms.moneyWithSign(each.amount, state.currency, language),
      at: forms.when(each.made_at, t.months, language),
    }),
    to: `/pages/code/code?digits=${each.digits}`,
  }));
}

/** @param {any} state @param {any} t @param {string} language */
function figuresOf(state, t, language) {
  const figure = (/** @type {any} */ each, /** @type {string} */ title) => ({
    title,
    money: each.money === null ? '–' : forms.moneyWithSign(each.money, state.currency, language),
    kwh: each.kwh === null ? t.not_known : `${forms.kwh(each.kwh, language)} kWh`,
    beside: each.beside_last && each.beside_last.money !== null
      ? fill(t.beside, { amount: forms.moneyWithSign(each.beside_last.money, state.currency, language) }) : '',
  });
  return [state.today && figure(state.today, t.today), state.month && figure(state.month, t.month)].filter(Boolean);
}

/** @param {any} state @param {any} t @param {string} language */
function pricesOf(state, t, language) {
  const { price, currency } = state;
  if (!price || price.now === null) return { price: '', next_price: '' };
  const written = (/** @type {string} */ each) => `${forms.short(each, language)} ${currency.sign}/kWh`;
  return {
    price: price.name ? fill(t.price_of, { price: written(price.now), name: price.name }) : fill(t.price, { price: written(price.now) }),
    // The server says it on the building's clock, in the words of its pages.
    next_price: price.words,
  };
}

/**
 * @param {any} state what `/me/tenancies/ID` answers
 * @param {any} t the page's texts
 * @param {string} language
 */
function shown(state, t, language) {
  const { currency, why } = state;
  const balance = forms.money(state.balance, currency, language);
  const seen = state.seen_at && forms.when(state.seen_at, t.months, language);
  const money = (/** @type {string} */ amount) => forms.moneyWithSign(amount, currency, language);
  const isOffered = state.emergency && state.emergency.offered;
  return Object.assign({
    place: `${state.property} · ${state.unit}`,
    shade: SHADES.indexOf(state.state) < 0 ? 'unknown' : state.state,
    balance,
    sign: currency.sign,
    balance_said: fill(t.balance_said, { amount: `${balance} ${currency.sign}` }),
    days: daysLeft(state, t),
    why: why.title,
    because: why.text.replace(/[.。]$/, '') === why.title ? '' : why.text,
    what_to_do: stepsOf(state),
    off_hours: why.off_hours,
    power: state.is_online && state.power_w !== null ? fill(t.power, { kw: forms.kw(state.power_w, language) }) : '',
    seen: seen ? fill(state.is_online ? t.as_of : t.silent, { at: seen }) : '',
    waiting: state.waiting ? fill(t.waiting, { amount: money(state.waiting) }) : '',
    lent: state.lent ? fill(t.lent, { amount: money(state.lent) }) : '',
    emergency: isOffered ? fill(t.emergency, { amount: money(state.emergency.amount) }) : '',
    codes: codesOf(state, t, language),
    figures: figuresOf(state, t, language),
  }, pricesOf(state, t, language));
}

module.exports = { shown, ago };
