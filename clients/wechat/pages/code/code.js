/** A code, as large as the phone shows it: it is read in a dark stairwell, and needs no network. */

const storage = require('../../lib/storage');
const { page } = require('../../lib/page');
const { groups } = require('../../lib/forms');

page('code', {
  data: { digits: '', groups: [], spoken: '', gateway: '' },

  opened(/** @type {any} */ query) {
    const digits = String(query.digits || '');
    const last = storage.kept(`home ${storage.chosen()}`);
    this.setData({
      digits, groups: groups(digits), spoken: digits.split('').join(' '), gateway: (last && last.value.gateway_page) || '',
    });
  },

  copy(/** @type {any} */ event) {
    wx.setClipboardData({ data: event.currentTarget.dataset.text });
  },
});
