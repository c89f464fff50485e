/** What the page of automatic top-ups says of what the server knows. No call is made here. */

const { fill } = require('../../lib/texts');
const forms = require('../../lib/forms');

/** @param {any} rule @param {any} t @param {string} language */
function payerOf(rule, t, language) {
  if (rule.state === 'asked') return fill(rule.is_mine ? t.you_ask : t.asks, { payer: rule.payer, provider: rule.provider });
  const since = forms.dayOf(rule.agreed_at, t.months, language);
  return fill(rule.is_mine ? t.you_pay : t.pays, { payer: rule.payer, label: rule.label, since });
}

/**
 * @param {any} found what `/me/tenancies/ID/automatic` answers
 * @param {any} t the page's texts
 * @param {any} currency
 * @param {string} language
 */
function shown(found, t, currency, language) {
  const money = (/** @type {string} */ amount) => forms.moneyWithSign(amount, currency, language);
  const { rule } = found;
  const payments = found.payments.map((/** @type {any} */ each) => ({
    to: `/pages/payment/payment?id=${each.id}`,
    title: `${forms.dayOf(each.at, t.months, language)} · ${money(each.amount)} · ${each.state_in_words}`,
  }));
  if (!rule) return { rule: null, payments, about: found.ways.length ? t.about : t.no_way };
  const values = { amount: money(rule.amount), days: rule.under_days, most: money(rule.most_a_month) };
  const { amount, under_days: days, most_a_month: most, way } = rule;
  return {
    about: '',
    payments,
    rule: {
      terms: { amount, under_days: days, most_a_month: most, way },
      words: fill(t.terms, values, days),
      payer: payerOf(rule, t, language),
      can_go_on: rule.state === 'asked' && rule.is_mine,
      paused: rule.state === 'paused' ? fill(t.paused, { why: rule.why }) : '',
      can_resume: rule.state === 'paused' && rule.is_mine,
    },
  };
}

module.exports = { shown };
