/**
 * Messages that the server may send into WeChat. Each consent is for one message of a kind; WeChat asks the person, and only
 * after a tap or a payment.
 */

const session = require('./session');

/** WeChat asks about so many kinds at once. */
const AT_ONCE = 3;

/**
 * @param {{templates: {template_id: string}[]}} [notices] what the server says of notices; asked for if it is not at hand
 * @returns {Promise<string[]>} ids of the kinds of messages; none if the server can't be asked: a payment does not wait for it
 */
async function templates(notices) {
  try {
    const found = notices || await session.call('GET', '/me/notices');
    const ids = new Set(found.templates.map((/** @type {any} */ each) => each.template_id));
    return Array.from(ids).slice(0, AT_ONCE);
  } catch (failure) {
    return [];
  }
}

/**
 * Ask the person, and tell the server what they allowed.
 * @param {string[]} wanted
 * @returns {Promise<number>} how many kinds were allowed
 */
async function ask(wanted) {
  if (!wanted.length) return 0;
  /** @type {any} */
  const answer = await new Promise((resolve) => {
    wx.requestSubscribeMessage({ tmplIds: wanted, success: resolve, fail: () => resolve({}) });
  });
  const accepted = wanted.filter((each) => answer[each] === 'accept');
  if (!accepted.length) return 0;
  try {
    await session.call('POST', '/me/notices/subscriptions', { accepted });
    return accepted.length;
  } catch (failure) {
    // The payment before it is what counts; the next one asks again.
    return 0;
  }
}

module.exports = { templates, ask };
