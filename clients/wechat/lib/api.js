/**
 * Calls of the server's API. What is asked again after a broken connection is the same call: all that moves money carries an
 * id of its own, and the server does it once.
 */

const config = require('../config');
const storage = require('./storage');

/** A call that failed. `kind`: `lost` without an answer, `key` when the key opens nothing, `refused` by the server's rules. */
class Failure extends Error {
  /**
   * @param {'lost'|'key'|'refused'} kind
   * @param {number} status of the answer; 0 without one
   * @param {any} body
   */
  constructor(kind, status, body) {
    super(body && body.detail ? String(body.detail) : kind);
    this.kind = kind;
    this.status = status;
    this.needs = (body && body.needs) || '';
    /** @type {{field: string, message: string}[]} */
    this.errors = (body && body.errors) || [];
  }

  /** What the server says about the call, in the person's language; empty if it says nothing. */
  get words() {
    if (this.errors.length) return this.errors.map((each) => each.message).join('\n');
    return this.message === this.kind ? '' : this.message;
  }
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
      fail: () => reject(new Failure('lost', 0, null)),
    });
  });
}

/**
 * Call once, for what must not be sent again.
 * @param {string} method GET, POST, PUT or DELETE: a mini program knows no PATCH
 * @param {string} address behind /api/v1
 * @param {object} [body]
 * @returns {Promise<any>} what the server answers
 * @throws {Failure}
 */
async function once(method, address, body) {
  const answer = await sent(method, address, body);
  if (answer.statusCode < 300) return answer.data;
  // Servers in front of prewatt answer so while it starts anew.
  if (answer.statusCode === 502 || answer.statusCode === 504) throw new Failure('lost', answer.statusCode, null);
  const asksMore = answer.data && answer.data.needs;
  throw new Failure(answer.statusCode === 401 && !asksMore ? 'key' : 'refused', answer.statusCode, answer.data);
}

/**
 * Call, and once more if the connection broke.
 * @param {string} method
 * @param {string} address
 * @param {object} [body]
 * @returns {Promise<any>} what the server answers
 * @throws {Failure}
 */
async function call(method, address, body) {
  try {
    return await once(method, address, body);
  } catch (failure) {
    if (failure.kind !== 'lost') throw failure;
    return once(method, address, body);
  }
}

/**
 * Bring a file of the server into the phone.
 * @param {string} address behind /api/v1
 * @returns {Promise<string>} where it lies until the mini program ends
 * @throws {Failure}
 */
function download(address) {
  return new Promise((resolve, reject) => {
    wx.downloadFile({
      url: `${config.server}/api/v1${address}`,
      header: head(),
      success: (answer) => {
        if (answer.statusCode === 200) resolve(answer.tempFilePath);
        else reject(new Failure('refused', answer.statusCode, null));
      },
      fail: () => reject(new Failure('lost', 0, null)),
    });
  });
}

/** An id for something that must be done once. @returns {string} */
function newId() {
  const part = () => Math.random().toString(36).slice(2, 12);
  return `mini-${Date.now().toString(36)}-${part()}`;
}

module.exports = { Failure, once, call, download, newId };
