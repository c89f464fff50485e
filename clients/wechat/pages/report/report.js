/** A fault: what it is about, in the person's words, and what the landlord answered to earlier ones. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const { page } = require('../../lib/page');
const { idOf } = require('../../lib/api');
const forms = require('../../lib/forms');

const MOST_OFTEN = 'no-power';

page('report', {
  fieldsShown: ['text'],
  data: { kinds: [], kind: MOST_OFTEN, text: '', reports: [] },

  async load() {
    const { t } = this.data;
    const language = storage.language();
    const found = await session.ofFlat('GET', '/reports');
    const written = (/** @type {string} */ at) => forms.when(at, t.months, language);
    return {
      kinds: found.kinds,
      reports: found.reports.map((/** @type {any} */ each) => Object.assign({}, each, {
        at: written(each.at),
        answers: each.answers.map((/** @type {any} */ answer, /** @type {number} */ key) => ({
          key, by: answer.by, text: answer.text, at: written(answer.at),
        })),
      })),
    };
  },

  choose(/** @type {any} */ event) {
    this.setData({ kind: event.currentTarget.dataset.value });
  },

  send() {
    const { t, kind, text } = this.data;
    if (!text.trim()) return this.setData({ fields: { text: t.no_text } });
    return this.act(async () => {
      await session.ofFlat('POST', '/reports', { kind, text, asked: idOf(this, [kind, text]) });
      this.wish = null;
      this.setData({ text: '', done: t.sent });
      await this.look();
    });
  },
});
