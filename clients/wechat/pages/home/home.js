/** What is left, for how long, whether the power is on, why, and how to pay. Without a network: what was last known. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const polling = require('../../lib/polling');
const { page } = require('../../lib/page');
const { fill } = require('../../lib/texts');
const { newId } = require('../../lib/api');
const { shown, ago } = require('./shown');
const forms = require('../../lib/forms');

const LINKS = ['use', 'payments', 'automatic', 'gifts', 'costs', 'statements', 'notices', 'residents', 'report', 'flats', 'settings'];
/** What is there only if the landlord takes such payments. @type {Record<string, (state: any) => boolean>} */
const OFFERED = {
  automatic: (state) => Boolean(state.has_automatic),
  gifts: (state) => state.ways.some((/** @type {any} */ each) => each.kind !== 'transfer'),
};
const OF_THE_PAST = ['payments', 'statements', 'flats', 'settings'];

page('home', {
  data: { flat: null, words: '', offline: '', links: [] },

  async load() {
    try {
      return await this.live();
    } catch (failure) {
      const last = storage.kept(`home ${storage.chosen()}`);
      if (failure.kind !== 'lost' || !last || !last.value.is_present) throw failure;
      const values = { ago: ago(Date.now() - last.at, this.data.t), at: forms.clock(last.at) };
      return Object.assign(this.seen(last.value, LINKS), { offline: fill(this.data.t.offline, values) });
    }
  },

  /** The home as the server knows it now. */
  async live() {
    const { tenancies } = await session.me();
    const flat = session.flatOf(tenancies);
    if (!flat) return { flat: null, words: this.data.t.no_flat, links: this.links(['settings']), offline: '' };
    storage.choose(flat.id);
    if (!flat.is_present) return this.absent(flat);
    return this.seen(await session.home(), tenancies.length > 1 ? LINKS : LINKS.filter((each) => each !== 'flats'));
  },

  seen(/** @type {any} */ state, /** @type {string[]} */ links) {
    const isOffered = (/** @type {string} */ each) => !(each in OFFERED) || OFFERED[each](state);
    return { flat: shown(state, this.data.t, storage.language()), links: this.links(links.filter(isOffered)), words: '', offline: '' };
  },

  /** A flat of before or of later has no meter to show. Which it is, is the server's to say: a phone's clock may be wrong. */
  async absent(/** @type {any} */ flat) {
    const t = this.data.t;
    const language = storage.language();
    const isOver = (await session.home()).why.cause === 'moved-out';
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
