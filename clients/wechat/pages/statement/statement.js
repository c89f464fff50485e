/** A month's statement: each movement between the opening and the closing balance, and the PDF. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const { download, failure } = require('../../lib/api');
const { page } = require('../../lib/page');
const { fill } = require('../../lib/texts');
const forms = require('../../lib/forms');

const SECTIONS = ['top-ups', 'electricity', 'standing', 'tax', 'shared', 'adjustments'];

/** @param {any} line @param {any} t @param {string} currency @param {string} language */
function howOf(line, t, currency, language) {
  const price = line.price_per_kwh && `${forms.short(line.price_per_kwh, language)} ${currency}/kWh`;
  if (line.kwh) return price ? `${forms.number(line.kwh, language)} kWh × ${price}` : `${forms.number(line.kwh, language)} kWh`;
  return line.at ? forms.when(line.at, t.months, language) : '';
}

/** @param {any} paper @param {any} flat @param {any} t @param {string} language */
function shown(paper, flat, t, language) {
  const currency = flat.currency.code === paper.currency ? flat.currency.sign : paper.currency;
  const lastMoment = new Date(new Date(paper.ends).getTime() - 1).toISOString();
  const span = { begins: forms.dayOf(paper.begins, t.months, language), ends: forms.dayOf(lastMoment, t.months, language) };
  const lines = paper.lines.map((/** @type {any} */ each, /** @type {number} */ key) => ({
    key,
    section: each.section,
    text: each.included ? fill(t.included, { text: each.text }) : each.text,
    amount: forms.number(each.rounded, language),
    how: howOf(each, t, currency, language),
  }));
  return {
    title: fill(t.span, span),
    place: `${paper.property} · ${paper.unit} · ${paper.tenant}`,
    preliminary: paper.complete ? '' : t.preliminary,
    opening: `${forms.number(paper.rounded.opening, language)} ${currency}`,
    closing: `${forms.number(paper.rounded.closing, language)} ${currency}`,
    kwh: fill(t.used, { kwh: forms.number(paper.kwh, language) }),
    sections: SECTIONS.map((section) => ({
      section, title: t.sections[section], lines: lines.filter((/** @type {any} */ each) => each.section === section),
    })).filter((each) => each.lines.length),
  };
}

page('statement', {
  once: true,
  data: { shown: {} },

  async load() {
    const paper = await session.ofFlat('GET', `/statements/${this.query.month}`);
    return { shown: shown(paper, await session.flat(), this.data.t, storage.language()) };
  },

  open() {
    return this.act(async () => {
      const filePath = await download(await session.addressOfFlat(`/statements/${this.query.month}/pdf`));
      await new Promise((resolve, reject) => {
        const fail = () => reject(failure('refused', 0, { detail: this.data.t.no_pdf }));
        wx.openDocument({ filePath, fileType: 'pdf', showMenu: true, success: resolve, fail });
      });
    });
  },
});
