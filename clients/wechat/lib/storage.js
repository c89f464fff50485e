/**
 * What lies in the phone: the key, the language, the flat that was chosen, and the last known page of each flat. WeChat keeps
 * it apart for each of its users, and a log-out removes it.
 */

const { languageOf } = require('./languages');

/** @param {string} name @returns {any} */
function get(name) {
  return wx.getStorageSync(name) || null;
}

/** @returns {string} empty before somebody has logged in */
function key() {
  return get('key') || '';
}

/** @returns {string} the person's language, or else the phone's */
function language() {
  return get('language') || languageOf(String(wx.getAppBaseInfo().language || ''));
}

/** @param {string} value */
function setLanguage(value) {
  wx.setStorageSync('language', value);
}

/** @param {{key: string, language: string}} answer of a log-in */
function loggedIn(answer) {
  wx.setStorageSync('key', answer.key);
  if (answer.language) setLanguage(answer.language);
}

/** Forget the person: all but the language in which the phone is read. */
function forget() {
  const spoken = language();
  wx.clearStorageSync();
  setLanguage(spoken);
}

/** @returns {number} the tenancy that was chosen; 0 if none was */
function chosen() {
  return get('tenancy') || 0;
}

/** @param {number} tenancy */
function choose(tenancy) {
  wx.setStorageSync('tenancy', tenancy);
}

/** @param {string} name @param {any} value */
function keep(name, value) {
  wx.setStorageSync(name, { at: Date.now(), value });
}

/** @param {string} name @returns {{at: number, value: any}|null} what was kept, and when */
function kept(name) {
  return get(name);
}

module.exports = { key, language, setLanguage, loggedIn, forget, chosen, choose, keep, kept };
