/** Which language a code or a phone means. What a language is stands in its file in `locale/`; no other file knows one by name. */

const { LOCALES } = require('../locale/list');

/** @param {string} language a code; one that is not in the list is spoken as the first */
function localeOf(language) {
  return LOCALES[language] || Object.values(LOCALES)[0];
}

/**
 * @param {string} tag what a phone calls its language: zh_CN, de, en-GB
 * @returns {string} the language whose tag has most parts in common with it: with a `zh-tw`, `zh` is all other Chinese
 */
function languageOf(tag) {
  const languages = Object.keys(LOCALES);
  const parts = tag.toLowerCase().split(/[-_]/);
  for (let length = parts.length; length > 0; length -= 1) {
    const found = languages.find((each) => LOCALES[each].rules.tags.includes(parts.slice(0, length).join('-')));
    if (found) return found;
  }
  return languages[0];
}

module.exports = { localeOf, languageOf };
