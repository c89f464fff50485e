/**
 * Calls of the server's API. What is asked again after a broken connection is the same call: all that moves money carries an
 * id of its own, and the server does it once.
 */

const config = require('../config');
const storage = require('./storage');

/**
 * @typedef {object} Failing what is wrong with a call
 * @property {'lost'|'key'|'refused'} kind without an answer; the key opens nothing; by the server's rules
 * @property {number} status of the answer; 0 without one
 * @property {string} needs what the server asks for beside
 * @property {{field: string, message: string}[]} errors by the fields of what was sent
 * @property {string} words what the server says of it, in the person's language; empty if it says nothing
 */

/**
 * An error for a call that failed. It is no class of its own: what turns this into older JavaScript loses such a one's parts.
 * @param {'lost'|'key'|'refused'} kind
 * @param {number} [status]
 * @param {any} [body]
 * @returns {Error & Failing}
 */
function failure(kind, status = 0, body = null) {
  const { detail = '', needs = '', errors = [] } = body || {};
  const words = errors.map((/** @type {any} */ each) => each.message).join('\n') || String(detail);
  return Object.assign(new Error(words || kind), { kind, status, needs, errors, words });
}

/** @returns {Record<string, string>} */
function head() {
  const key = storage.key();
  const head_ = { 'Accept-Language': storage.language(), 'Content-Type': 'application/json' };
  return key ? Object.assign(head_, { Authorization: `Bearer ${key}` }) : head_;
}

/**
 * @param {string} method
 * @param {string} address
 * @param {object} [body]
 * @returns {Promise<any>} the answer, whatever its status
 */
function sent(method, address, body) {
  return new Promise((resolve, reject) => {
    wx.request({
      url: `${config.server}/api/v1${address}`,
      method: /** @type {any} */ (method),
      data: body,
      header: head(),
      timeout: 15000,
      success: resolve,
      fail: () => reject(failure('lost')),
    });
  });
}

/**
 * Call once, for what must not be sent again.
 * @param {string} method GET, POST, PUT or DELETE: a mini program knows no PATCH
 * @param {string} address behind /api/v1
 * @param {object} [body]
 * @returns {Promise<any>} what the server answers
 * @throws {Failing}
 */
async function once(method, address, body) {
  const answer = await sent(method, address, body);
  if (answer.statusCode < 300) return answer.data;
  // Servers in front of prewatt answer so while it starts anew.
  if (answer.statusCode === 502 || answer.statusCode === 504) throw failure('lost', answer.statusCode);
  const asksMore = answer.data && answer.data.needs;
  throw failure(answer.statusCode === 401 && !asksMore ? 'key' : 'refused', answer.statusCode, answer.data);
}

/**
 * Call, and once more if the connection broke.
 * @param {string} method
 * @param {string} address
 * @param {object} [body]
 * @returns {Promise<any>} what the server answers
 * @throws {Failing}
 */
async function call(method, address, body) {
  try {
    return await once(method, address, body);
  } catch (wrong) {
    if (wrong.kind !== 'lost') throw wrong;
    return once(method, address, body);
  }
}

/**
 * Bring a file of the server into the phone.
 * @param {string} address behind /api/v1
 * @returns {Promise<string>} where it lies until the mini program ends
 * @throws {Failing}
 */
function download(address) {
  return new Promise((resolve, reject) => {
    wx.downloadFile({
      url: `${config.server}/api/v1${address}`,
      header: head(),
      success: (answer) => {
        if (answer.statusCode === 200) resolve(answer.tempFilePath);
        else reject(failure('refused', answer.statusCode));
      },
      fail: () => reject(failure('lost')),
    });
  });
}

/** An id for something that must be done once. @returns {string} */
function newId() {
  const part = () => Math.random().toString(36).slice(2, 12);
  return `mini-${Date.now().toString(36)}-${part()}`;
}

/**
 * The id of what a person wishes on a page: the same wish has the same id, so that who taps twice, or after a broken connection, has
 * it done once. What is known to be done is forgotten with `page.wish = null`.
 * @param {any} page
 * @param {any} wish
 * @returns {string}
 */
function idOf(page, wish) {
  const text = JSON.stringify(wish);
  if (!page.wish || page.wish.text !== text) page.wish = { text, id: newId() };
  return page.wish.id;
}

module.exports = { failure, once, call, download, newId, idOf };
