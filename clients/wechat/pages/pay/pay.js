/** Topping up: an amount, a way, and WeChat's own sheet. What became of it is the server's to say: the next page asks. */

const session = require('../../lib/session');
const subscribing = require('../../lib/subscribing');
const { page } = require('../../lib/page');
const { plain } = require('../../lib/typed');
const { idOf } = require('../../lib/api');

/**
 * Show WeChat's payment sheet.
 * @param {any} wanted the five fields that the server signed
 * @returns {Promise<''|'cancel'|'fail'>} how it went by the phone's word
 */
function sheet(wanted) {
  return new Promise((resolve) => {
    wx.requestPayment(Object.assign({}, wanted, {
      success: () => resolve(''),
      fail: (/** @type {any} */ failure) => resolve(/cancel/.test(failure.errMsg) ? 'cancel' : 'fail'),
    }));
  });
}

/** The ways that open here, and of the others those whose account takes no payment here: they lead to a browser. */
function fitting(/** @type {{value: string, kind: string}[]} */ ways) {
  const account = (/** @type {{value: string}} */ each) => each.value.split(':')[0];
  const inside = ways.filter((each) => each.kind === 'wechat-mini');
  const accounts = inside.map(account);
  return inside.concat(ways.filter((each) => each.kind === 'redirect' && accounts.indexOf(account(each)) < 0));
}

page('pay', {
  fieldsShown: ['amount'],
  once: true,
  data: {
    amount: '', way: '', ways: [], transfer: null, sign: '', elsewhere: '', presets: ['20', '50', '100', '200'], templates: [],
  },

  async load() {
    const flat = await session.home();
    const ways = fitting(flat.ways);
    return {
      ways,
      way: ways.length ? ways[0].value : '',
      transfer: flat.transfer,
      sign: flat.currency.sign,
      // Asked for now: after the payment WeChat lets a page ask for messages at once, or not at all.
      templates: await subscribing.templates(),
    };
  },

  preset(/** @type {any} */ event) {
    this.setData({ amount: event.currentTarget.dataset.value, fields: {} });
  },

  choose(/** @type {any} */ event) {
    this.setData({ way: event.currentTarget.dataset.value });
  },

  pay() {
    const { t, way } = this.data;
    const amount = plain(this.data.amount);
    if (!amount) return this.setData({ fields: { amount: t.no_amount } });
    return this.act(async () => {
      const ask = () => session.ofFlat('POST', '/payments', { amount, way, asked: idOf(this, [amount, way]) });
      let payment = await ask();
      if (payment.state === 'closed') {
        // Nobody paid it in time: the same wish is a new payment.
        this.wish = null;
        payment = await ask();
      }
      if (payment.redirect && payment.state === 'open') return this.setData({ elsewhere: payment.redirect });
      // WeChat may have said that it failed, and the money has come all the same: it is not asked for twice.
      const how = payment.wx && payment.state === 'open' ? await sheet(payment.wx) : '';
      if (how) return this.setData({ wrong: how === 'cancel' ? t.cancelled : t.not_made });
      this.wish = null;
      if (payment.wx) await subscribing.ask(this.data.templates);
      return wx.redirectTo({ url: `/pages/payment/payment?id=${payment.id}` });
    });
  },

  copy(/** @type {any} */ event) {
    wx.setClipboardData({ data: event.currentTarget.dataset.text });
  },
});
