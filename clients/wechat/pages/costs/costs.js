/** What cost what since the month began, and this flat's part of what the building shares. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const { page } = require('../../lib/page');
const { fill } = require('../../lib/texts');
const forms = require('../../lib/forms');

/** How a shared cost was divided, step by step. @param {any} derivation @param {any} currency @param {any} t @param {string} language */
function stepsOf(derivation, currency, t, language) {
  const { kwh, own, everybody, rule_percent: rule } = derivation;
  const cost = forms.moneyWithSign(derivation.cost, currency, language);
  const divided = Object.keys(rule).map((basis) => fill(t.by, {
    percent: forms.short(String(rule[basis]), language), basis: t.bases[basis] || basis,
  }));
  return [
    kwh === null ? fill(t.cost, { cost }) : fill(t.cost_of_use, { cost, kwh: forms.kwh(kwh, language) }),
    ...divided,
    fill(t.among, { count: everybody.length }, everybody.length),
    fill(t.own, { days: own.days, amount: forms.moneyWithSign(own.amount, currency, language) }, own.days),
  ];
}

page('costs', {
  data: {
    span: '', lines: [], total: '', shares: [], derivations: {},
  },

  async load() {
    const { t } = this.data;
    const language = storage.language();
    const { currency } = await session.flat();
    const bill = await session.ofFlat('GET', '/bill');
    const shares = await session.ofFlat('GET', '/shares');
    const span = (/** @type {any} */ each) => fill(t.span, {
      begins: forms.day(each.begins, t.months, language), ends: forms.day(each.ends, t.months, language),
    });
    return {
      span: span(bill),
      lines: bill.lines.map((/** @type {any} */ each, /** @type {number} */ key) => ({
        key,
        text: each.text,
        how: each.quantity && each.price
          ? `${forms.short(each.quantity, language)} kWh × ${forms.short(each.price, language)} ${currency.sign}` : '',
        amount: forms.money(each.amount, currency, language),
      })),
      total: forms.moneyWithSign(bill.total, currency, language),
      shares: shares.map((/** @type {any} */ each) => ({
        id: each.id,
        name: each.is_reversed ? fill(t.given_back, { name: each.name }) : each.name,
        span: span(each),
        how: `${t.how} ${each.name}`,
        amount: forms.moneyWithSign(each.amount, currency, language),
      })),
    };
  },

  derive(/** @type {any} */ event) {
    const { id } = event.currentTarget.dataset;
    return this.act(async () => {
      const { currency } = await session.flat();
      const { derivation } = await session.ofFlat('GET', `/shares/${id}`);
      const steps = stepsOf(derivation, currency, this.data.t, storage.language());
      this.setData({ derivations: Object.assign({}, this.data.derivations, { [id]: steps }) });
    });
  },
});
