/** Links by which others pay for this flat without a login: a new one, sent in a chat or copied, and their end. */

const { idOf } = require('../../lib/api');
const session = require('../../lib/session');
const storage = require('../../lib/storage');
const { page } = require('../../lib/page');
const { fill } = require('../../lib/texts');
const forms = require('../../lib/forms');

const DAYS = [30, 90, 365];

page('gifts', {
  fieldsShown: ['note', 'flat_name', 'shown_name', 'days'],
  data: {
    links: [], note: '', flat_name: '', shown_name: '', days: DAYS[2], choices: [],
  },

  async load() {
    const { t, flat_name: name } = this.data;
    const flat = await session.flat();
    const found = await session.ofFlat('GET', '/gift-links');
    return {
      flat_name: name || flat.unit,
      choices: DAYS.map((days) => ({ days, title: fill(t.days, { days }) })),
      links: found.gift_links.map((/** @type {any} */ each) => this.seen(each, flat.currency)),
    };
  },

  seen(/** @type {any} */ each, /** @type {any} */ currency) {
    const { t } = this.data;
    const language = storage.language();
    const name = each.is_mine ? each.note || each.flat_name : t.anothers;
    const values = { payments: each.payments, amount: forms.moneyWithSign(each.paid, currency, language) };
    return {
      id: each.id,
      name,
      link: each.link || '',
      flat_name: each.flat_name,
      about: [
        fill(t.until, { ends: forms.dayOf(each.ends_at, t.months, language) }),
        each.payments ? fill(t.brought, values, each.payments) : '',
      ].filter(Boolean).join(' · '),
      send: `${t.send}: ${name}`,
      copy: `${t.copy_link}: ${name}`,
      end: `${t.end}: ${name}`,
      may_be_ended: each.may_be_ended,
    };
  },

  choose(/** @type {any} */ event) {
    this.setData({ days: event.currentTarget.dataset.value });
  },

  make() {
    const { t, note, flat_name: name, shown_name: shown, days } = this.data;
    const wanted = { note, flat_name: name, shown_name: shown, days: Number(days) };
    return this.act(async () => {
      await session.ofFlat('POST', '/gift-links', Object.assign({ asked: idOf(this, wanted) }, wanted));
      this.wish = null;
      this.setData({ note: '', done: t.made });
      await this.look();
    });
  },

  /** The card in the chat names no more than the link's own page does. */
  onShareAppMessage(/** @type {any} */ event) {
    const { t } = this.data;
    const { link = '', flat = '' } = event && event.target ? event.target.dataset : {};
    const token = link.split('/').filter(Boolean).pop();
    if (!token) return { title: t.shared_home, path: '/pages/home/home' };
    return { title: fill(t.shared, { flat }), path: `/pages/gift/gift?link=${token}` };
  },

  copy(/** @type {any} */ event) {
    wx.setClipboardData({ data: event.currentTarget.dataset.text });
  },

  end(/** @type {any} */ event) {
    return this.act(async () => {
      await session.ofFlat('DELETE', `/gift-links/${event.currentTarget.dataset.id}`);
      this.setData({ done: this.data.t.ended });
      await this.look();
    });
  },
});
