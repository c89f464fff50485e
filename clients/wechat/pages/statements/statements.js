/** The months of this tenancy, each with its statement. */

const session = require('../../lib/session');
const { page } = require('../../lib/page');

page('statements', {
  data: { statements: [] },

  async load() {
    const { t } = this.data;
    const months = await session.ofFlat('GET', '/statements');
    return {
      statements: months.map((/** @type {any} */ each) => ({
        month: each.month,
        title: each.title,
        note: each.is_final ? '' : t.preliminary,
        to: `/pages/statement/statement?month=${each.month}`,
      })),
    };
  },
});
