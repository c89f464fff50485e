/** Who is logged in, and which of their flats is looked at. */

const config = require('../config');
const api = require('./api');
const storage = require('./storage');

/** @returns {Promise<string>} a code by which the server learns from WeChat who this is; it works once */
function wechatCode() {
  return new Promise((resolve, reject) => {
    wx.login({ success: (answer) => resolve(answer.code), fail: () => reject(api.failure('lost')) });
  });
}

/**
 * Come in by WeChat's word. Its code is good for one call: who asks again after a broken connection brings a new one.
 * @param {string} address
 * @param {Record<string, string>} proof
 */
async function comeIn(address, proof) {
  const program = config.appid ? { appid: config.appid } : {};
  const ask = async () => api.once('POST', address, Object.assign({ code: await wechatCode() }, program, proof));
  let answer;
  try {
    answer = await ask();
  } catch (failure) {
    if (failure.kind !== 'lost') throw failure;
    answer = await ask();
  }
  storage.loggedIn(answer);
}

/**
 * Log in as the person whose WeChat this is.
 * @returns {Promise<boolean>} false if this WeChat belongs to no login yet: then `join` asks
 */
async function logIn() {
  try {
    await comeIn('/wechat/log-in', {});
    return true;
  } catch (failure) {
    if (failure.status === 404) return false;
    throw failure;
  }
}

/**
 * Join this WeChat to a login, by an invitation or by name and password. A flat that is new for this phone is looked at next.
 * @param {Record<string, string>} proof
 */
async function join(proof) {
  const last = storage.kept('me');
  await comeIn('/wechat/join', proof);
  if (!last) return;
  const before = last.value.tenancies.map((/** @type {any} */ each) => each.id);
  const added = (await me()).tenancies.find((each) => before.indexOf(each.id) < 0);
  if (added) storage.choose(added.id);
}

/**
 * End this phone's key, and forget the person. Without a network the phone forgets, and the key ends by itself.
 * @param {boolean} unlink also take this WeChat off the login
 */
async function logOut(unlink) {
  try {
    await api.call('DELETE', `/wechat/log-in${unlink ? '?unlink=true' : ''}`);
  } catch (failure) {
    if (unlink) throw failure;
  }
  storage.forget();
}

/**
 * A call as the person. A key that has ended is renewed once by WeChat's word; who has no login goes to the page `join`.
 * @param {string} method
 * @param {string} address
 * @param {object} [body]
 * @returns {Promise<any>}
 * @throws {api.Failing}
 */
async function call(method, address, body) {
  if (storage.key()) {
    try {
      return await api.call(method, address, body);
    } catch (failure) {
      if (failure.kind !== 'key') throw failure;
    }
  }
  if (!(await logIn())) {
    storage.forget();
    wx.reLaunch({ url: '/pages/join/join' });
    throw api.failure('key', 401);
  }
  return api.call(method, address, body);
}

/** @returns {Promise<{name: string, language: string, tenancies: any[]}>} who this is; the last known without a network */
async function me() {
  try {
    const person = await call('GET', '/me');
    storage.keep('me', person);
    if (person.language) storage.setLanguage(person.language);
    return person;
  } catch (failure) {
    const last = storage.kept('me');
    if (failure.kind === 'lost' && last) return last.value;
    throw failure;
  }
}

/**
 * Which flat is looked at: the one that was chosen, else the first in which the person lives now, else the last.
 * @param {any[]} tenancies
 * @returns {any} undefined if there is none
 */
function flatOf(tenancies) {
  return tenancies.find((each) => each.id === storage.chosen()) || tenancies.find((each) => each.is_present) || tenancies[0];
}

/** @returns {Promise<number>} the tenancy that is looked at, also when a message led past the home page */
async function tenancy() {
  if (!storage.chosen()) {
    const flat_ = flatOf((await me()).tenancies);
    if (!flat_) throw api.failure('refused', 404);
    storage.choose(flat_.id);
  }
  return storage.chosen();
}

/** @param {string} rest @returns {Promise<string>} an address of the flat that is looked at */
async function addressOfFlat(rest) {
  return `/me/tenancies/${await tenancy()}${rest}`;
}

/**
 * A call about the flat that is looked at.
 * @param {string} method
 * @param {string} address behind that of the tenancy
 * @param {object} [body]
 */
async function ofFlat(method, address, body) {
  return call(method, await addressOfFlat(address), body);
}

/** @returns {Promise<any>} the flat that is looked at, as it is now; it is kept for when there is no network */
async function home() {
  const state = await ofFlat('GET', '');
  storage.keep(`home ${state.id}`, state);
  return state;
}

/** @returns {Promise<any>} the flat that is looked at, as it was last known; asked for if it was not seen yet */
async function flat() {
  const last = storage.kept(`home ${await tenancy()}`);
  return last ? last.value : home();
}

module.exports = { join, logOut, call, me, flatOf, addressOfFlat, tenancy, ofFlat, home, flat };
