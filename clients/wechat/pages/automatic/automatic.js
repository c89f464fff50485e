/** Automatic top-ups: what is agreed to, how to agree, and the end by one tap. What holds is the server's to say. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const polling = require('../../lib/polling');
const { page } = require('../../lib/page');
const { plain } = require('../../lib/typed');
const { shown } = require('./shown');

/**
 * Open WeChat's own mini program, in which the payer agrees. When they come back, this page is shown anew.
 * @param {any} wanted the app, the page and the data that the server signed
 * @returns {Promise<boolean>} whether it opened
 */
function signing(wanted) {
  return new Promise((resolve) => {
    wx.navigateToMiniProgram(Object.assign({}, wanted, { success: () => resolve(true), fail: () => resolve(false) }));
  });
}

page('automatic', {
  fieldsShown: ['amount', 'under_days', 'most_a_month', 'way'],
  data: {
    rule: null, ways: [], way: '', amount: '', under_days: '', most_a_month: '', sign: '', payments: [], elsewhere: '',
  },

  async load() {
    const flat = await session.flat();
    this.currency = flat.currency;
    return this.seen(await session.ofFlat('GET', '/automatic'));
  },

  seen(/** @type {any} */ found) {
    const { t, way, under_days: days } = this.data;
    this.waits = Boolean(found.rule) && found.rule.state === 'asked';
    // What the payer says at the provider comes back a little later.
    if (this.waits && !this.timer) polling.backOff(this, async () => { await this.look(); return this.waits; });
    return Object.assign(shown(found, t, this.currency, storage.language()), {
      ways: found.ways,
      way: way || (found.ways.length ? found.ways[0].value : ''),
      under_days: days || String(found.under_days.usual),
      sign: this.currency.sign,
    });
  },

  onHide() {
    polling.stop(this);
  },

  onUnload() {
    polling.stop(this);
  },

  choose(/** @type {any} */ event) {
    this.setData({ way: event.currentTarget.dataset.value });
  },

  agree() {
    const { amount, under_days: days, most_a_month: most, way } = this.data;
    return this.ask({ amount: plain(amount), under_days: Number(plain(days)) || 0, most_a_month: plain(most), way });
  },

  /** Go on where the payer has stopped: the same terms are the same question. */
  goOn() {
    return this.ask(this.data.rule.terms);
  },

  ask(/** @type {any} */ terms) {
    return this.act(async () => {
      const found = await session.ofFlat('POST', '/automatic', terms);
      this.setData(Object.assign(this.seen(found), { elsewhere: found.wx ? '' : found.redirect || '' }));
      if (found.wx && !(await signing(found.wx))) this.setData({ wrong: this.data.t.not_opened });
    });
  },

  end() {
    return this.act(async () => {
      await session.ofFlat('DELETE', '/automatic');
      this.setData({ elsewhere: '', done: this.data.t.ended });
      await this.look();
    });
  },

  resume() {
    return this.act(async () => {
      const found = await session.ofFlat('POST', '/automatic/resume');
      this.setData(Object.assign(this.seen(found), { done: this.data.t.is_on }));
    });
  },

  copy(/** @type {any} */ event) {
    wx.setClipboardData({ data: event.currentTarget.dataset.text });
  },
});
