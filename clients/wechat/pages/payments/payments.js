/** Who paid what, what became of it, and the codes. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const { page } = require('../../lib/page');
const forms = require('../../lib/forms');

page('payments', {
  data: { payments: [], next: null },

  async load() {
    this.currency = (await session.flat()).currency;
    return this.part('');
  },

  async part(/** @type {string} */ before) {
    const language = storage.language();
    const found = await session.ofFlat('GET', `/payments${before}`);
    const payments = found.payments.map((/** @type {any} */ each) => ({
      key: `${each.at} ${each.id}`,
      amount: forms.moneyWithSign(each.amount, this.currency, language),
      at: forms.when(each.at, this.data.t.months, language),
      about: [each.state_in_words, each.way, each.by].filter(Boolean).join(' · '),
      groups: forms.groups(each.code || ''),
      // What the manager recorded has no page of its own.
      to: each.id ? `/pages/payment/payment?id=${each.id}` : '',
    }));
    return { payments, next: found.next };
  },

  more() {
    return this.act(async () => {
      const { payments, next } = await this.part(`?before=${encodeURIComponent(this.data.next)}`);
      this.setData({ payments: this.data.payments.concat(payments), next });
    });
  },
});
