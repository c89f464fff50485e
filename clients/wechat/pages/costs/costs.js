/** What cost what since the month began, and this flat's part of what the building shares. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const { page } = require('../../lib/page');
const { fill } = require('../../lib/texts');
const forms = require('../../lib/forms');

page('costs', {
  data: { span: '', lines: [], total: '', shares: [] },

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
        amount: forms.moneyWithSign(each.amount, currency, language),
      })),
    };
  },
});
