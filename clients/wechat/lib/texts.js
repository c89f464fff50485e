/** The words of pages. A text that counts is a pair: for one, for more; places within are written `{amount}`. */

const storage = require('./storage');

/** @type {Record<string, any>} */
const LOCALES = { en: require('../locale/en'), de: require('../locale/de'), 'zh-hans': require('../locale/zh-hans') };

/** The languages, each in its own words. */
const LANGUAGES = Object.keys(LOCALES).map((value) => ({ value, title: LOCALES[value].common.language }));

/** @param {string} page @returns {Record<string, any>} the texts of a page, and those of all pages */
function textsOf(page) {
  const locale = LOCALES[storage.language()] || LOCALES.en;
  return Object.assign({}, locale.common, locale[page]);
}

/**
 * @param {string|string[]} text
 * @param {Record<string, string|number>} values of its places
 * @param {number} [count] which of a pair
 * @returns {string}
 */
function fill(text, values, count) {
  const form = typeof text === 'string' ? text : text[count === 1 ? 0 : 1];
  return form.replace(/{(\w+)}/g, (_whole, name) => String(values[name]));
}

module.exports = { LOCALES, LANGUAGES, textsOf, fill };
