/** Every page in each of its states as HTML, for a browser: `node test/pictures.js FOLDER LANGUAGE...`; without a language, in all. */

const fs = require('node:fs');
const path = require('node:path');
const { LOCALES } = require('../locale/list');
const { Phone } = require('./simulator');
const {
  recorded, ME, DARK, CHINESE, AUTOMATIC,
} = require('./recorded');

/** A phone of each language. */
const PHONES = Object.values(LOCALES).map((each) => each.rules.tags[0]);
const wechat = { login: () => 'CODE', pay: async () => 'cancel' };
const WITHOUT = 'POST /wechat/log-in';

/** A page's name, how it is reached, and what else is done. */
const STATES = [
  ['home', {}, '/pages/home/home'],
  ['home-chinese', { 'GET /me/tenancies/7': CHINESE }, '/pages/home/home'],
  ['home-dark', { 'GET /me/tenancies/7': DARK }, '/pages/home/home'],
  ['home-offline', { 'GET /me/tenancies/7': DARK }, '/pages/home/home', async (phone) => {
    phone.isOnline = false;
    await phone.page.look();
  }],
  ['home-moved-out', { 'GET /me': { ...ME, tenancies: ME.tenancies.slice(1) } }, '/pages/home/home'],
  ['join', { [WITHOUT]: null }, '/pages/join/join?invitation=ABCDEFGHJKLMNPQR'],
  ['join-second', { 'POST /wechat/join': { status: 401, body: { detail: 'Type the code of your second factor, too.', needs: 'second-factor' } } },
    '/pages/join/join', async (phone) => {
      await phone.type('login', 'li.na');
      await phone.type('password', 'secret');
      await phone.page.byPassword();
    }],
  ['pay', {}, '/pages/pay/pay', (phone) => phone.tap('50')],
  ['pay-refused', {}, '/pages/pay/pay', (phone) => phone.page.pay()],
  ['pay-none', { 'GET /me/tenancies/7': { ...DARK, ways: [] } }, '/pages/pay/pay'],
  ['payment-offline', { 'GET /me/tenancies/7': DARK }, '/pages/payment/payment?id=b2'],
  ['payment-way', { 'GET /me/payments/b2': { id: 'b2', tenancy: 7, state: 'paid', state_in_words: 'paid', amount: '20.00', at_meter_at: null, code: null } },
    '/pages/payment/payment?id=b2'],
  ['payments', {}, '/pages/payments/payments'],
  ['automatic', {}, '/pages/automatic/automatic'],
  ['automatic-form', { 'GET /me/tenancies/7/automatic': { ...AUTOMATIC, rule: null, payments: [] } }, '/pages/automatic/automatic'],
  ['automatic-asked', { 'GET /me/tenancies/7/automatic': { ...AUTOMATIC, rule: { ...AUTOMATIC.rule, state: 'asked', agreed_at: null } } }, '/pages/automatic/automatic'],
  ['automatic-paused', { 'GET /me/tenancies/7/automatic': { ...AUTOMATIC, rule: { ...AUTOMATIC.rule, state: 'paused', why: 'WeChat Pay refused: not enough money' } } },
    '/pages/automatic/automatic'],
  ['gifts', {}, '/pages/gifts/gifts'],
  ['gift', {}, '/pages/gift/gift?link=0123456789abcdef0123456789abcdef01234567'],
  ['code', {}, '/pages/code/code?digits=31121020964269507821'],
  ['use', {}, '/pages/use/use'],
  ['use-table', {}, '/pages/use/use', (phone) => phone.page.turn()],
  ['costs', {}, '/pages/costs/costs', (phone) => phone.page.derive({ currentTarget: { dataset: { id: 5 } } })],
  ['statements', {}, '/pages/statements/statements'],
  ['statement', {}, '/pages/statement/statement?month=2026-10'],
  ['notices', {}, '/pages/notices/notices'],
  ['residents', {}, '/pages/residents/residents', (phone) => phone.page.invite()],
  ['report', {}, '/pages/report/report'],
  ['flats', {}, '/pages/flats/flats'],
  ['settings', {}, '/pages/settings/settings'],
  ['lost', { 'GET /me/tenancies/7/payments': { status: 502 } }, '/pages/payments/payments'],
];

/** The page in a state, on a phone in a language. */
async function seen([, changed, url, more], language) {
  const phone = new Phone({ answer: recorded(changed), wechat, language });
  // The home page is seen first: others go by what it knew.
  if (!url.startsWith('/pages/join')) await phone.open().shown;
  await phone.open(url).shown;
  if (more) await more(phone);
  return phone;
}

async function main([folder, ...languages]) {
  fs.mkdirSync(folder, { recursive: true });
  for (const language of languages.length ? languages : PHONES) {
    for (const state of STATES) {
      const phone = await seen(state, language);
      fs.writeFileSync(path.join(folder, `${state[0]}.${phone.spoken()}.html`), phone.html());
      phone.close();
    }
  }
}

if (require.main === module) main(process.argv.slice(2)).then(() => process.exit(0));
module.exports = { PHONES, STATES, seen };
