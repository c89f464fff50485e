/** What is left, for how long, whether the power is on, why, and how to pay. Without a network: what was last known. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const polling = require('../../lib/polling');
const { page } = require('../../lib/page');
const { fill } = require('../../lib/texts');
const { newId } = require('../../lib/api');
const { shown, ago } = require('./shown');
const forms = require('../../lib/forms');

const LINKS = ['use', 'payments', 'costs', 'statements', 'notices', 'residents', 'report', 'flats', 'settings'];
const OF_THE_PAST = ['payments', 'statements', 'flats', 'settings'];

page('home', {
  data: { flat: null, words: '', offline: '', links: [] },

  async load() {
    const person = await session.me();
    const flat = session.flatOf(person.tenancies);
    if (!flat) return { flat: null, words: this.data.t.no_flat, links: this.links(['settings']), offline: '' };
    if (!flat.is_present) return this.absent(flat);
    const links = this.links(person.tenancies.length > 1 ? LINKS : LINKS.filter((each) => each !== 'flats'));
    storage.choose(flat.id);
    try {
      const state = await session.call('GET', `/me/tenancies/${flat.id}`);
      storage.keep(`home ${flat.id}`, state);
      return { flat: shown(state, this.data.t, storage.language()), links, words: '', offline: '' };
    } catch (failure) {
      const last = storage.kept(`home ${flat.id}`);
      if (failure.kind !== 'lost' || !last) throw failure;
      const values = { ago: ago(Date.now() - last.at, this.data.t), at: forms.clock(last.at) };
      return {
        flat: shown(last.value, this.data.t, storage.language()), links, words: '', offline: fill(this.data.t.offline, values),
      };
    }
  },

  /** A flat of before or of later has no meter to show. Which it is, is the server's to say: a phone's clock may be wrong. */
  async absent(/** @type {any} */ flat) {
    const t = this.data.t;
    const language = storage.language();
    storage.choose(flat.id);
    const isOver = (await session.ofFlat('GET', '')).why.cause === 'moved-out';
    const values = { flat: flat.unit, day: forms.dayOf(isOver ? flat.ends : flat.begins, t.months, language) };
    const links = this.links(isOver ? OF_THE_PAST : ['flats', 'settings']);
    return { flat: null, words: fill(isOver ? t.moved_out : t.moves_in, values), links, offline: '' };
  },

  links(/** @type {string[]} */ names) {
    return names.map((name) => ({ to: `/pages/${name}/${name}`, title: this.data.t[`to_${name}`] }));
  },

  onShow() {
    polling.every(this, 30000, () => this.look());
  },

  onHide() {
    polling.stop(this);
  },

  onUnload() {
    polling.stop(this);
  },

  /** Emergency credit is lent: it is asked about once. */
  takeEmergency() {
    const t = this.data.t;
    wx.showModal({
      title: this.data.flat.emergency,
      content: t.emergency_sure,
      confirmText: t.yes,
      cancelText: t.no,
      success: (answer) => {
        if (!answer.confirm) return;
        this.emergency = this.emergency || newId();
        this.act(async () => {
          const { text } = await session.ofFlat('POST', '/emergency', { asked: this.emergency });
          this.emergency = '';
          this.setData({ done: text });
          await this.look();
        });
      },
    });
  },
});
