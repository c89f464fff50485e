/** Where the card of a gift link in a chat leads: to the address at which the giver pays, without a login. Nothing is asked here. */

const config = require('../../config');
const { page } = require('../../lib/page');

/** Only the token comes from the card, so that no card leads to another address than the server's. */
const TOKEN = /^[0-9a-f]{20,64}$/i;

page('gift', {
  data: { address: '' },

  opened(/** @type {any} */ query) {
    const token = query.link || '';
    if (TOKEN.test(token)) this.setData({ address: `${config.server}/give/${token}/` });
  },

  copy(/** @type {any} */ event) {
    wx.setClipboardData({ data: event.currentTarget.dataset.text });
  },
});
