/** What was used, by hour, day or month: as bars, and as a table. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const { page } = require('../../lib/page');
const forms = require('../../lib/forms');
const { shown } = require('./shown');

const SPANS = ['day', 'month', 'year'];

/** @param {string} on @param {string} by @param {number} steps @returns {string} the day so many spans later; never after today */
function moved(on, by, steps) {
  const parts = on.split('-').map(Number);
  const at = new Date(parts[0], parts[1] - 1, by === 'day' ? parts[2] : 1);
  if (by === 'day') at.setDate(at.getDate() + steps);
  else if (by === 'month') at.setMonth(at.getMonth() + steps);
  else at.setFullYear(at.getFullYear() + steps);
  const today = forms.isoDay(new Date());
  const day = forms.isoDay(at);
  return day > today ? today : day;
}

page('use', {
  data: { by: 'month', spans: [], as_table: false, shown: {} },

  opened() {
    this.on = forms.isoDay(new Date());
  },

  async load() {
    const { by, t } = this.data;
    const { currency } = await session.flat();
    const use = await session.ofFlat('GET', `/usage?by=${by}&on=${this.on}`);
    const spans = SPANS.map((value) => ({ value, title: t[value] }));
    return { spans, shown: shown(use, { by, on: this.on, now: new Date(), currency, t, language: storage.language() }) };
  },

  span(/** @type {any} */ event) {
    this.setData({ by: event.currentTarget.dataset.value });
    return this.look();
  },

  move(/** @type {any} */ event) {
    this.on = moved(this.on, this.data.by, Number(event.currentTarget.dataset.by));
    return this.look();
  },

  turn() {
    this.setData({ as_table: !this.data.as_table });
  },
});
