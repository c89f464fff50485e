/** The words of pages. A text that counts is a list of its forms; places within are written `{amount}`. */

const { LOCALES } = require('../locale/list');
const { localeOf } = require('./languages');
const storage = require('./storage');

/** The languages, each in its own words. */
const LANGUAGES = Object.keys(LOCALES).map((value) => ({ value, title: LOCALES[value].common.language }));

/** @param {string} page @returns {Record<string, any>} the texts of a page, and those of all pages */
function textsOf(page) {
  const locale = localeOf(storage.language());
  return Object.assign({}, locale.common, locale[page]);
}

/**
 * @param {string|string[]} text
 * @param {Record<string, string|number>} values of its places
 * @param {number} [count] which form of a list
 * @returns {string}
 */
function fill(text, values, count) {
  const form = typeof text === 'string' ? text : text[localeOf(storage.language()).rules.plural(Number(count))];
  return form.replace(/{(\w+)}/g, (_whole, name) => String(values[name]));
}

module.exports = { LANGUAGES, textsOf, fill };
