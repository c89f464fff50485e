/** A language is one file and its line in the list: one is made up here, put into the list, and nothing else is told of it. */

const assert = require('node:assert/strict');
const test = require('node:test');
const { LOCALES } = require('../locale/list');

const { common, home } = LOCALES.en;
LOCALES['qaa-x'] = {
  ...LOCALES.en,
  // Nought and one have the same form, as in French; from five on there is a third, as in Polish.
  rules: {
    tags: ['qaa', 'zh-tw'],
    signs: ['·', '’'],
    plural: (count) => [2, 5].filter((each) => count >= each).length,
    day: '{year}/{month_name}/{day}',
    month: '{year}/{month_name}',
    short_day: '{month}/{day}',
    instant: '{clock} on {day}',
  },
  common: { ...common, language: 'Made up', months: common.months.map((each) => each.toUpperCase()) },
  home: { ...home, days: ['{days} sun', '{days} suns', '{days} sunnen'] },
};

// Whoever reads the list when it starts comes after the language.
const { Phone } = require('./simulator');
const { recorded, HOME } = require('./recorded');
const { languageOf } = require('../lib/languages');
const forms = require('../lib/forms');

test.afterEach(() => Phone.closeAll());

test('a phone is spoken to in the language that has its tag, the longest first', () => {
  const cases = {
    qaa: 'qaa-x', 'QAA-BB': 'qaa-x', zh_TW: 'qaa-x', 'zh-tw-x': 'qaa-x', zh_CN: 'zh-hans', zh: 'zh-hans', de_AT: 'de', en: 'en', qab: 'en', dev: 'en', '': 'en',
  };
  for (const [tag, language] of Object.entries(cases)) assert.equal(languageOf(tag), language, tag);
});

test('amounts, days and instants are written as the language says', () => {
  const { months } = LOCALES['qaa-x'].common;
  assert.equal(forms.number('-1234567.5', 'qaa-x'), '-1’234’567·5');
  assert.equal(forms.day('2026-10-06', months, 'qaa-x'), '2026/OCT/6');
  assert.equal(forms.day('2026-10', months, 'qaa-x'), '2026/OCT');
  assert.equal(forms.dayOf('2026-10-06T12:00:00', months, 'qaa-x'), '2026/OCT/6');
  assert.equal(forms.shortDay(new Date(2026, 9, 6), months, 'qaa-x'), '10/6');
  assert.equal(forms.when('2026-10-06T13:30:00', months, 'qaa-x'), '13:30 on 10/6');
});

test('pages speak it where the phone does, count in its forms, and offer it', async () => {
  for (const [days, said] of [[1, /(^| )1 sun /], [4, / 4 suns /], [18, / 18 sunnen /]]) {
    const each = new Phone({ answer: recorded({ 'GET /me/tenancies/7': { ...HOME, days_left: days } }), wechat: { login: () => 'CODE' }, language: 'qaa_BB' });
    await each.open().until(said);
    assert.match(each.text, /1’234·56 CNY/);
  }
  const stranger = new Phone({ answer: recorded({ 'POST /wechat/log-in': null }), wechat: { login: () => 'CODE' } });
  stranger.open('/pages/join/join');
  await stranger.tap('Made up');
  assert.equal(stranger.spoken(), 'qaa-x');
});
