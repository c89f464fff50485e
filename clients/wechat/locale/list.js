/**
 * How a language writes. Of a day, `{day}`, `{month}` and `{year}` are figures; `{month_name}` is one of `common.months`.
 * @typedef {object} Rules
 * @property {string[]} tags what phones call the language, in small letters: `zh`, `pt-br`
 * @property {string[]} signs the one before decimals, and the one between groups
 * @property {(count: number) => number} plural which form of a text that counts: its place in the list
 * @property {string} day 6 Oct 2026
 * @property {string} month Oct 2026
 * @property {string} short_day a day of this year: 6 Oct
 * @property {string} instant a day of this year, `{day}`, with the time of day, `{clock}`: 6 Oct, 13:30
 */

/**
 * All languages, by the code that the server knows: each is a file beside this one. The first is spoken where none fits.
 * @type {Record<string, {rules: Rules, common: Record<string, any>, [page: string]: Record<string, any>}>}
 */
const LOCALES = { en: require('./en'), de: require('./de'), 'zh-hans': require('./zh-hans') };

module.exports = { LOCALES };
