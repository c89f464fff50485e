/** What became of a payment: paid, on its way, at the meter; with the code while the building has no network. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const polling = require('../../lib/polling');
const { page } = require('../../lib/page');
const forms = require('../../lib/forms');

/** The states in which something may still come. */
const UNDER_WAY = ['open', 'paid'];

/** @param {any} payment @param {any} flat @param {any} t @returns {string} */
function said(payment, flat, t) {
  if (payment.at_meter_at) return t.arrived;
  if (payment.state === 'open') return t.waits;
  if (payment.state !== 'paid') return payment.state_in_words;
  if (flat.is_online) return t.paid;
  // Nobody hears from a meter that takes codes alone.
  if (flat.is_online === null) return payment.code ? t.paid_code : payment.state_in_words;
  return payment.code ? t.paid_offline : t.paid;
}

/** @param {any} payment @param {any} flat @param {any} t @param {string} language */
function shown(payment, flat, t, language) {
  const { currency } = flat;
  const isUnderWay = UNDER_WAY.indexOf(payment.state) >= 0;
  const isPaid = payment.state === 'paid';
  return {
    amount: forms.money(payment.amount, currency, language),
    sign: currency.sign,
    said: said(payment, flat, t),
    shade: payment.at_meter_at ? 'ok' : isUnderWay ? 'soon' : 'off',
    steps: isUnderWay ? [
      { title: t.step_asked, is_done: true },
      { title: t.step_paid, is_done: isPaid },
      { title: t.step_meter, is_done: Boolean(payment.at_meter_at) },
    ] : [],
    groups: payment.code && !flat.is_online ? forms.groups(payment.code) : [],
    to: `/pages/code/code?digits=${payment.code}`,
  };
}

page('payment', {
  data: { payment: null },

  async load() {
    const payment = await session.call('GET', `/me/payments/${this.query.id}`);
    this.isLast = UNDER_WAY.indexOf(payment.state) < 0 || Boolean(payment.at_meter_at);
    storage.choose(payment.tenancy);
    const flat = await session.home();
    return { payment: shown(payment, flat, this.data.t, storage.language()) };
  },

  onShow() {
    this.isLast = false;
    polling.backOff(this, async () => {
      await this.look();
      return !this.isLast;
    });
  },

  onHide() {
    polling.stop(this);
  },

  onUnload() {
    polling.stop(this);
  },

  home() {
    wx.reLaunch({ url: '/pages/home/home' });
  },
});
