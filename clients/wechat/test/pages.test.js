/** What pages do, with a server that is played: nothing is sent. */

const assert = require('node:assert/strict');
const test = require('node:test');
const { Phone, attribute } = require('./simulator');
const { recorded, ME, HOME, DARK, AUTOMATIC } = require('./recorded');
const { PHONES, STATES, seen } = require('./pictures');
const polling = require('../lib/polling');

polling.BACK_OFF.fill(1);
test.afterEach(() => Phone.closeAll());

/** A phone whose server is played; `pay` says how WeChat's sheet ends. */
function phone(changed = {}, { pay = async () => '', ...how } = {}) {
  return new Phone({ answer: recorded(changed), wechat: { login: () => 'CODE', pay }, ...how });
}

const SHEET = { timeStamp: '1', nonceStr: 'n', package: 'prepay_id=1', signType: 'RSA', paySign: 's' };

test('every page in each state says something in each language, and no text is lacking', async () => {
  for (const language of PHONES) {
    for (const state of STATES) {
      const each = await seen(state, language);
      assert.ok(each.text.length > 10 && each.title, state[0]);
      assert.doesNotMatch(each.text, /undefined|null|NaN|\{\w+\}|\[object/, `${state[0]} ${language}`);
      each.close();
    }
  }
});

test('home says what is left, for how long, and how to pay', async () => {
  const each = phone().open();
  await each.until(/1,234\.56 CNY/);
  assert.match(each.text, /About 18 days left The power is on In use now/);
  assert.doesNotMatch(each.text, /fuses/);
  assert.match(each.text, /In use now: 0\.35 kW/);
  assert.match(each.text, /Cheaper from 07:00: 0\.32 instead of 0\.55 CNY\/kWh/);
  await each.tap('Pay');
  assert.equal(each.name, 'pay');
});

test('a phone without a network shows what was last known, with its age and the code', async () => {
  const each = phone({ 'GET /me/tenancies/7': DARK }).open();
  await each.until(/-1\.27 CNY/);
  const kept = JSON.parse(each.storage.get('home 7'));
  each.storage.set('home 7', JSON.stringify({ ...kept, at: kept.at - 3 * 3600e3 }));
  each.isOnline = false;
  each.open();
  await each.until(/No network\. This is what was known 3 hours ago/);
  assert.match(each.text, /-1\.27 CNY/);
  assert.match(each.text, /Paid, and on its way Last known: .* Type this code at the meter.* If it stays dark, call the manager\./);
  await each.tap('Show it large');
  assert.match(each.text, /3112 1020 9642 6950 7821/);
  assert.match(each.text, /192\.168\.1\.20/);
  await each.tap('Copy');
  assert.equal(each.clipboard, '31121020964269507821');
});

test('a call whose connection broke is made once more, with the same id', async () => {
  const bodies = [];
  const each = phone({
    'POST /me/tenancies/7/payments': (_path, body) => {
      bodies.push(body);
      return { id: 'b2', state: 'open', wx: SHEET };
    },
  });
  await each.open().shown;
  await each.tap('Pay');
  const request = each.wx.request;
  let broken = 0;
  each.wx.request = (options) => {
    if (options.method !== 'POST' || broken) return request(options);
    broken += 1;
    bodies.push(options.data);
    return options.fail({ errMsg: 'request:fail' });
  };
  await each.type('amount', '５０');
  await each.tap('Pay');
  assert.equal(each.name, 'payment');
  assert.equal(bodies.length, 2);
  assert.equal(bodies[0].asked, bodies[1].asked);
  assert.equal(bodies[1].amount, '50');
});

test('a gift link and an invitation whose connection broke are made once, and the next ones are others', async () => {
  const ids = [];
  const broken = (/** @type {any} */ answer) => (/** @type {any} */ path, /** @type {any} */ body) => {
    ids.push((body && body.asked) || path.split('asked=')[1]);
    return ids.length % 3 === 1 ? { status: 502 } : answer;
  };
  const each = phone({
    'POST /me/tenancies/7/gift-links': broken({ id: 9 }),
    'POST /me/tenancies/7/residents/invitations': broken({ code: 'ABCD-EFGH-JKLM-NPQR', link: 'https://x', ends_at: '2026-12-01T00:00:00Z' }),
  });
  await each.open('/pages/gifts/gifts').shown;
  for (let time = 0; time < 2; time += 1) await each.tap('Make a link');
  await each.open('/pages/residents/residents').shown;
  await each.tap('Invite somebody who lives here');
  assert.ok(ids.every((id) => /^mini-/.test(id)));
  assert.deepEqual([ids.length, new Set(ids).size], [5, 3]);
  assert.ok(ids[0] === ids[1] && ids[3] === ids[4]);
});

test('a log-in whose connection broke is tried with a new word of WeChat, because each is good for one call', async () => {
  const codes = [];
  let number = 0;
  const each = new Phone({
    answer: recorded({ 'POST /wechat/log-in': (_path, body) => { codes.push(body.code); return codes.length > 1 ? { key: 'KEY', language: '' } : { status: 502 }; } }),
    wechat: { login: () => `CODE-${number += 1}` },
  });
  await each.open().shown;
  assert.deepEqual(codes, ['CODE-1', 'CODE-2']);
  assert.match(each.text, /Banksia Court/);
});

test('a flat that an invitation adds is the one that is looked at next', async () => {
  let me = { ...ME, tenancies: ME.tenancies.slice(0, 1) };
  const each = phone({
    'GET /me': () => me,
    'GET /me/tenancies/9': { ...HOME, id: 9, unit: 'Flat 900' },
    'POST /wechat/join': () => { me = { ...ME, tenancies: [...me.tenancies, { ...ME.tenancies[0], id: 9, unit: 'Flat 900' }] }; return { key: 'KEY', language: '' }; },
  });
  await each.open().until(/Flat 302/);
  await each.open('/pages/join/join?invitation=ABCDEFGHJKLMNPQR').tap('Join');
  await each.until(/Flat 900/);
});

test('the code of a payment is there without a network as soon as it was shown', async () => {
  const each = phone({ 'GET /me/tenancies/7': DARK }).open('/pages/payment/payment?id=b2');
  await each.until(/3112 1020 9642 6950 7821/);
  each.isOnline = false;
  await each.open('/pages/code/code?digits=31121020964269507821').until(/192\.168\.1\.20/);
  await each.open().until(/No network[^]*3112 1020 9642 6950 7821/);
});

test('a payment that WeChat called failed and that came all the same is not asked for again, and one whose time is over is a new one', async () => {
  const asked = [], states = ['open', 'paid', 'closed', 'open'];
  let sheets = 0;
  const each = phone(
    { 'POST /me/tenancies/7/payments': (_path, body) => { asked.push(body.asked); return { id: 'b2', state: states.shift(), wx: SHEET }; } },
    { pay: async () => { sheets += 1; return 'fail'; } },
  );
  await each.open('/pages/pay/pay').shown;
  await each.tap('100');
  await each.tap('Pay');
  assert.match(each.text, /WeChat could not make the payment/);
  await each.tap('Pay');
  assert.deepEqual([each.name, sheets, asked[0] === asked[1]], ['payment', 1, true]);
  await each.open('/pages/pay/pay').shown;
  await each.tap('100');
  await each.tap('Pay');
  assert.deepEqual([each.name, sheets, asked.length, asked[2] === asked[3]], ['pay', 2, 4, false]);
});

test('a cancelled payment is told, keeps the amount, and is the same payment when it is tried again', async () => {
  const asked = [];
  const ends = ['cancel', 'fail', ''];
  const each = phone(
    { 'POST /me/tenancies/7/payments': (_path, body) => { asked.push(body.asked); return { id: 'b2', state: 'open', wx: SHEET }; } },
    { pay: async () => ends.shift() },
  );
  await each.open().shown;
  await each.tap('Pay');
  await each.tap('100');
  await each.tap('Pay');
  assert.match(each.text, /You cancelled the payment\. Nothing was paid\./);
  assert.equal(each.page.data.amount, '100');
  assert.deepEqual(each.asked, []);
  await each.tap('Pay');
  assert.match(each.text, /WeChat could not make the payment/);
  await each.tap('Pay');
  assert.equal(each.name, 'payment');
  assert.equal(new Set(asked).size, 1);
});

test('after a payment WeChat asks for consent to messages, and the server learns what was allowed', async () => {
  let accepted;
  const each = phone({
    'POST /me/tenancies/7/payments': { id: 'b2', state: 'open', wx: SHEET },
    'POST /me/notices/subscriptions': (_path, body) => { accepted = body.accepted; return { status: 204 }; },
  });
  await each.open().shown;
  await each.tap('Pay');
  await each.tap('20');
  await each.tap('Pay');
  assert.deepEqual(each.asked, ['TEMPLATE-LOW', 'TEMPLATE-OFF']);
  assert.deepEqual(accepted, ['TEMPLATE-LOW', 'TEMPLATE-OFF']);
  each.consents = 'reject';
  await each.open('/pages/notices/notices').shown;
  await each.tap('Tell me when credit is low');
  assert.match(each.text, /No message was allowed/);
});

test('a payment is looked at again and again until it is at the meter', async () => {
  const states = [{ state: 'open' }, { state: 'open' }, { state: 'paid' }, { state: 'paid', at_meter_at: '2026-11-26T22:11:00Z' }];
  const each = phone({
    'GET /me/payments/b2': () => ({ id: 'b2', tenancy: 7, state_in_words: '', amount: '20.00', at_meter_at: null, code: null, ...(states.length > 1 ? states.shift() : states[0]) }),
  });
  await each.open().shown;
  await each.open('/pages/payment/payment?id=b2').shown;
  assert.match(each.text, /Waiting for the payment/);
  await each.until(/on its way to the meter/);
  await each.until(/Your credit is at the meter/);
  const calls = each.calls.length;
  await new Promise((resolve) => { setImmediate(resolve); });
  assert.equal(each.calls.length, calls);
});

test('what is said of a payment fits the building: offline, a meter that takes codes alone, money that waits for a person', async () => {
  const paid = { id: 'b2', tenancy: 7, state: 'paid', state_in_words: 'paid, and kept as your credit', amount: '20.00', at_meter_at: null, code: '31121020964269507821' };
  const alone = { ...HOME, is_online: null };
  const cases = [
    [paid, HOME, /Paid, and on its way to the meter\./, false],
    [paid, DARK, /The building has no network now/, true],
    [paid, alone, /Paid\. The code brings the credit to your meter\./, true],
    [{ ...paid, code: null }, alone, /paid, and kept as your credit/, false],
    [{ ...paid, state: 'held', state_in_words: 'paid, and waits for the manager', code: null }, HOME, /paid, and waits for the manager/, false],
  ];
  for (const [payment, home, words, hasCode] of cases) {
    const each = phone({ 'GET /me/payments/b2': payment, 'GET /me/tenancies/7': home }).open('/pages/payment/payment?id=b2');
    await each.until(words);
    assert.equal(/3112 1020/.test(each.text), hasCode, `${words}`);
    each.close();
  }
});

test('a way that opens in a browser gives its address; a refused amount stands at its field, and stays', async () => {
  const answers = [
    { status: 400, body: { errors: [{ field: 'amount', message: 'The smallest payment is 1.00 CNY.' }] } }, { id: 'c3', state: 'open', redirect: 'https://pay.example.com/c3' },
  ];
  const each = phone({ 'POST /me/tenancies/7/payments': () => answers.shift() });
  await each.open().shown;
  await each.tap('Pay');
  assert.doesNotMatch(each.text, /with WeChat on this phone/);
  await each.type('amount', '0.5');
  await each.tap('Alipay');
  await each.tap('Pay');
  assert.equal(each.text.match(/The smallest payment is 1\.00 CNY\./g).length, 1);
  assert.equal(each.page.data.amount, '0.5');
  await each.tap('Pay');
  await each.tap('Copy the address');
  assert.equal(each.clipboard, 'https://pay.example.com/c3');
});

test('a key that has ended is renewed by WeChat; who has no login comes to join', async () => {
  let isEnded = true;
  const me = () => (isEnded ? { status: 401, body: { detail: 'This key has expired.' } } : ME);
  const each = phone({ 'GET /me': me, 'POST /wechat/log-in': () => { isEnded = false; return { key: 'NEW', language: 'de' }; } });
  each.storage.set('key', '"OLD"');
  await each.open().shown;
  await each.until(/Noch etwa 18 Tage/);
  assert.equal(JSON.parse(each.storage.get('key')), 'NEW');
  each.close();
  const nobody = phone({ 'POST /wechat/log-in': null }).open();
  await nobody.until(() => nobody.name === 'join');
  assert.match(nobody.text, /Letters of the invitation/);
});

test('who logs in by a password is asked for the second factor, whose figures may be in full width', async () => {
  let proof;
  const each = phone({
    'POST /wechat/log-in': null,
    'POST /wechat/join': (_path, body) => {
      proof = body;
      return body.second_factor ? { key: 'KEY', language: 'en' } : { status: 401, body: { detail: 'Type the code of your second factor, too.', needs: 'second-factor' } };
    },
  }).open('/pages/join/join');
  await each.tap('Log in');
  assert.match(each.text, /Type your login\./);
  await each.type('login', ' li.na ');
  await each.type('password', ' secret ');
  await each.tap('Log in');
  assert.match(each.text, /Type the code of your second factor, too\./);
  await each.type('second_factor', '１２３ ４５６');
  await each.tap('Log in');
  assert.deepEqual(proof, { code: 'CODE', login: 'li.na', password: ' secret ', second_factor: '123456' });
  assert.equal(each.name, 'home');
});

test('a message leads to its page also before a flat was chosen', async () => {
  const each = phone({ 'GET /me/tenancies/7': DARK }).open('/pages/payment/payment?id=b2');
  await each.until(/Paid\. The building has no network now/);
  await each.open('/pages/residents/residents?tenancy=3').until(() => each.storage.get('tenancy') === '3');
});

test('a flat that was chosen is remembered; one that was left shows its papers alone', async () => {
  const each = phone().open();
  await each.until(/Banksia Court/);
  await each.tap('Another flat');
  await each.tap('Old Mill · Room 4');
  await each.until(/You moved out of Room 4 on 28 Feb 2026/);
  assert.doesNotMatch(each.text, /Pay |Report a fault/);
  await each.open().until(/You moved out of Room 4/);
});

test('a switch that could not be stored goes back, and the page says why', async () => {
  const each = phone({ 'PUT /me/notices': { status: 400, body: { errors: [{ field: 'events', message: 'This notice cannot be switched off.' }] } } });
  await each.open('/pages/notices/notices').shown;
  await each.touch('the power is off', 'change', { value: false });
  assert.match(each.text, /This notice cannot be switched off\./);
  assert.equal(each.page.data.events[1].is_on, true);
});

test('quiet hours are set by two pickers, and switched off by one tap', async () => {
  const stored = [];
  const notices = recorded()('GET', '/me/notices').body;
  const each = phone({
    'PUT /me/notices': (_path, body) => { stored.push(body.quiet); return { ...notices, quiet: body.quiet }; },
  });
  await each.open('/pages/notices/notices').shown;
  await each.touch('until 07:00', 'change', { value: '8' });
  assert.match(each.text, /until 08:00/);
  await each.touch('Quiet hours', 'change', { value: false });
  assert.deepEqual(stored, [{ begins: 22, ends: 8 }, null]);
  assert.doesNotMatch(each.text, /until 08:00/);
});

test('an invitation is sent in a chat with its letters, and opens the page that takes them', async () => {
  const each = phone();
  await each.open('/pages/residents/residents').shown;
  await each.tap('Invite somebody who lives here');
  const { path, title } = each.page.onShareAppMessage();
  assert.equal(title, 'Come and see our electricity');
  assert.match(each.text, /ABCD EFGH JKLM NPQR/);
  each.close();
  const friend = phone({ 'POST /wechat/log-in': null }).open(path);
  assert.equal(friend.page.data.invitation, 'ABCDEFGHJKLMNPQR');
});

test('a fault report that could not be sent stays, and is sent once', async () => {
  const sent = [];
  let fails = true;
  const each = phone({
    'POST /me/tenancies/7/reports': (_path, body) => { sent.push(body.asked); return fails ? { status: 502 } : { id: 9 }; },
  });
  await each.open('/pages/report/report').shown;
  await each.tap('Send');
  assert.match(each.text, /Write what is wrong, and where\./);
  await each.type('text', 'The light flickers.');
  await each.tap('Send');
  assert.equal(each.page.data.text, 'The light flickers.');
  assert.match(each.text, /The server cannot be reached/);
  fails = false;
  await each.tap('Send');
  assert.match(each.text, /Sent\. Your landlord sees it now\./);
  assert.equal(new Set(sent).size, 1);
});

test('a shared cost says how it was divided', async () => {
  const each = phone().open('/pages/costs/costs');
  await each.until(/Light of the stairs/);
  await each.tap('How it was divided Light of the stairs');
  assert.match(each.text, /It cost 33\.66 CNY for 61\.2 kWh that were used in common\. 50 % by equal shares 50 % by floor area and days It was shared by 8 tenants\. Your part, for 31 days: 4\.12 CNY/);
});

test('emergency credit is asked about before it is taken', async () => {
  let taken = 0;
  const each = phone({ 'GET /me/tenancies/7': DARK, 'POST /me/tenancies/7/emergency': () => { taken += 1; return {}; } }).open();
  await each.until(/Take 10\.00 CNY of emergency credit/);
  const words = 'Take 10.00 CNY of emergency credit';
  each.saysYes = false;
  await each.tap(words);
  assert.equal(taken, 0);
  each.saysYes = true;
  await each.tap(words);
  await each.until(() => taken === 1);
});

test('a log-out forgets all but the language, also without a network', async () => {
  const each = phone();
  await each.open().shown;
  await each.open('/pages/settings/settings').shown;
  each.isOnline = false;
  await each.tap('Log out');
  await each.until(() => each.name === 'join');
  assert.deepEqual([...each.storage.keys()], ['language']);
});

test('bars: what is unknown is hatched, what is yet to come is empty, and the sum is exact', () => {
  const { shown } = require('../pages/use/shown');
  const { textsOf } = require('../lib/texts');
  globalThis.wx = phone().wx;
  const look = { by: 'month', on: '2026-11-03', now: new Date(2026, 10, 3, 12), currency: HOME.currency, t: textsOf('use'), language: 'en' };
  const value = (begins, kwh, money, state) => ({ begins, state, kwh, money, by_rate: kwh ? [{ rate: 'day', kwh, money }] : [] });
  const use = shown({ values: [value('2026-11-01', '0.1', '0.1'), value('2026-11-02', null, null, 'unknown'), value('2026-11-03', '0.2', '0.2'), value('2026-11-04', null, null, 'ahead')] }, look);
  assert.deepEqual(use.bars.map((each) => [each.percent, each.shade]), [[50, ''], [100, 'unknown'], [100, ''], [0, '']]);
  assert.equal(use.kwh, '0.3 kWh');
  assert.equal(use.money, '0.30\u00a0CNY');
  assert.equal(use.rates[0].money, '0.30\u00a0CNY');
  assert.equal(use.is_now, true);
  assert.deepEqual(use.rows.map((each) => each.kwh), ['0.1 kWh', 'not known', '0.2 kWh']);
  const halfHours = ['06:00', '06:30', '07:00'].map((each) => value(`2026-11-03T${each}`, '0.125', '0.1'));
  const day = shown({ values: halfHours }, { ...look, by: 'day' });
  assert.deepEqual(day.bars.map((each) => [each.name, each.tick, each.kwh]), [['06:00', '6', '0.12 kWh'], ['06:30', '', '0.12 kWh'], ['07:00', '', '0.12 kWh']]);
});

test('automatic top-ups are agreed to in WeChat, looked at until they are on, and ended with one tap', async () => {
  const rule = { ...AUTOMATIC.rule, state: 'asked', agreed_at: null };
  const wx_ = { appId: 'wx1', path: 'pages/index/index', extraData: { sign: 's' } };
  const sent = [], opened = [];
  let now = { ...AUTOMATIC, rule: null, payments: [] };
  const each = phone({
    'GET /me/tenancies/7/automatic': () => now,
    'POST /me/tenancies/7/automatic': (_path, body) => {
      sent.push(body);
      if (!body.amount.startsWith('50')) return { status: 400, body: { errors: [{ field: 'amount', message: '"many" is not a number.' }] } };
      now = { ...AUTOMATIC, rule };
      return { ...now, redirect: 'https://wechat.invalid/', wx: wx_ };
    },
    'DELETE /me/tenancies/7/automatic': () => { now = { ...AUTOMATIC, rule: null }; return { status: 204 }; },
  });
  each.wechat.sign = async (wanted) => { opened.push(wanted); return opened.length > 1; };
  await each.open().until(/Automatic top-up/);
  await each.tap('Automatic top-up ›');
  await each.type('amount', 'many');
  await each.type('most_a_month', '２００');
  await each.tap('Agree');
  assert.match(each.text, /"many" is not a number\./);
  await each.type('amount', '５０');
  await each.tap('Agree');
  assert.match(each.text, /WeChat did not open the page where you agree\. Nothing is agreed yet\./);
  await each.tap('Go on there');
  assert.deepEqual(opened, [wx_, wx_]);
  assert.deepEqual(sent[1], { amount: '50', under_days: 3, most_a_month: '200', way: '1' });
  now = AUTOMATIC;
  await each.until(/Paid by you, with WeChat Pay, since/);
  await each.tap('End it');
  assert.match(each.text, /is ended\. Nothing is paid by itself any more\./);
  assert.match(each.text, /Amount of a top-up/);
});

test('the card of a gift link in a chat names its own server alone, whatever stands in the card', async () => {
  const each = phone();
  await each.open('/pages/gifts/gifts').until(/Mama/);
  const { node } = each.find('Send in WeChat: Mama');
  const dataset = { link: attribute(node, 'data-link'), flat: attribute(node, 'data-flat') };
  const card = each.page.onShareAppMessage({ from: 'button', target: { dataset } });
  assert.equal(card.title, 'Pay for Flat 302');
  await each.open(card.path).shown;
  await each.tap('Copy the address');
  assert.equal(each.clipboard, 'https://played.invalid/give/0123456789abcdef0123456789abcdef01234567/');
  assert.doesNotMatch(each.text, /Banksia|Li Na|1,234/);
  await each.open('/pages/gift/gift?link=https%3A%2F%2Fevil.invalid').shown;
  assert.match(each.text, /This link is not complete/);
});
