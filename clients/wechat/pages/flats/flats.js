/** The person's flats, of now and of before; the one that is chosen is shown from then on. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const { page } = require('../../lib/page');
const { fill } = require('../../lib/texts');
const forms = require('../../lib/forms');

page('flats', {
  data: { flats: [] },

  async load() {
    const { t } = this.data;
    const { tenancies } = await session.me();
    const day = (/** @type {string} */ at) => forms.dayOf(at, t.months, storage.language());
    const chosen = session.flatOf(tenancies);
    return {
      flats: tenancies.map((/** @type {any} */ each) => ({
        id: each.id,
        title: `${each.property} · ${each.unit}`,
        note: fill(each.ends ? t.until : t.since, { landlord: each.landlord, begins: day(each.begins), ends: each.ends ? day(each.ends) : '' }),
        is_chosen: each === chosen,
      })),
    };
  },

  choose(/** @type {any} */ event) {
    storage.choose(Number(event.currentTarget.dataset.id));
    wx.reLaunch({ url: '/pages/home/home' });
  },
});
