/**
 * The stories of a tenant, on the API of a real server, whose building and WeChat are played (`tests/clients/played_server.py`).
 * `PLAYED` is what that prints.
 */

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const test = require('node:test');
const { Phone } = require('./simulator');
const polling = require('../lib/polling');

const PLAYED = JSON.parse(process.env.PLAYED);
test.afterEach(() => Phone.closeAll());
let number = 0;
polling.BACK_OFF.fill(20);

/** Let something happen in the building. */
async function play(what, values = {}) {
  const answer = await fetch(PLAYED.play, { method: 'POST', body: JSON.stringify({ do: what, ...values }) });
  const said = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(said));
  return said;
}

/** Days in which the flat of Ben draws more than its credit. */
const useUp = () => play('live', { hours: 96, step: 60, watts: { m1: 240, m2: 4000 } });

/** WeChat on somebody's phone: it knows who they are, and its payment sheet believes only the merchant's signature. */
function wechatOf(who, wish = { pays: true }) {
  return {
    login: () => `code-${who}-${number += 1}`,
    pay: async (fields) => {
      assert.deepEqual(Object.keys(fields).sort(), ['nonceStr', 'package', 'paySign', 'signType', 'timeStamp']);
      const signed = `${PLAYED.appid}\n${fields.timeStamp}\n${fields.nonceStr}\n${fields.package}\n`;
      const isRight = crypto.verify('RSA-SHA256', Buffer.from(signed), PLAYED.merchant_key, Buffer.from(fields.paySign, 'base64'));
      assert.ok(isRight, 'the signature of wx.requestPayment is the merchant\'s');
      const said = await play('request_payment', { wx: fields, pays: wish.pays });
      assert.ok(!wish.pays || said.status < 300, said.said);
      return wish.pays ? '' : 'cancel';
    },
  };
}

const phoneOf = (who, how = {}) => new Phone({ server: PLAYED.server, appid: PLAYED.appid, wechat: wechatOf(who, how.wish), ...how });

test('somebody joins by letters in full width, pays, and watches it arrive', async () => {
  const wish = { pays: false };
  const phone = phoneOf('anna', { wish }).open();
  await phone.until(() => phone.name === 'join');
  await phone.type('invitation', 'ＡＢＣＤ');
  await phone.tap('Join');
  assert.match(phone.text, /There is no invitation with this code/);
  const { invitation } = await play('invite', { flat: 'Flat 1' });
  await phone.type('invitation', invitation.replace(/[A-Z0-9]/g, (each) => String.fromCharCode(each.charCodeAt(0) + 0xfee0)));
  await phone.tap('Join');
  await phone.until(/The power is on/);
  const before = phone.page.data.flat.balance;

  await phone.tap('Pay');
  await phone.type('amount', '５０');
  await phone.tap('Pay');
  assert.match(phone.text, /You cancelled the payment\. Nothing was paid\./);
  wish.pays = true;
  await phone.tap('Pay');
  assert.equal(phone.name, 'payment');
  assert.deepEqual(phone.asked.length, 3);
  await phone.until(/Paid, and on its way to the meter\./);
  await play('deliver');
  await phone.until(/Your credit is at the meter\./);
  await phone.tap('Back to the start');
  await phone.until(/The power is on/);
  assert.equal((Number(phone.page.data.flat.balance) - Number(before)).toFixed(2), '50.00');

  await phone.tap('Payments and codes');
  assert.match(phone.text, /50\.00 CNY/);
});

test('dark, and the building offline: the code is shown, and brings the light', async () => {
  const phone = phoneOf('ben').open();
  await phone.until(() => phone.name === 'join');
  await phone.type('login', PLAYED.flats['Flat 2'].login);
  await phone.type('password', 'wrong');
  await phone.tap('Log in');
  assert.match(phone.text, /This name and password do not match\./);
  await phone.type('password', PLAYED.flats['Flat 2'].password);
  await phone.tap('Log in');
  await phone.until(/Flat 2/);
  await useUp();
  await phone.open().until(() => phone.page.data.flat?.shade === 'off');
  await play('online', { is_online: false });
  await phone.open().shown;
  await phone.tap('Pay');
  await phone.tap('100');
  await phone.tap('Pay');
  await phone.until(/The building has no network now/);
  const digits = phone.page.data.payment.groups.join('');
  assert.match(digits, /^\d{20}$/);
  await phone.tap('Show it large');
  assert.equal(phone.page.data.groups.join(''), digits);

  // In the stairwell the phone has no network either.
  await phone.open().until(/Code to type/);
  phone.isOnline = false;
  await phone.open().until(/No network\. This is what was known a moment ago/);
  assert.ok(phone.text.includes(digits.match(/.{4}/g).join(' ')));
  const { is_on: isOn } = await play('type_code', { flat: 'Flat 2', digits });
  assert.equal(isOn, true);
  await play('online', { is_online: true });
  phone.isOnline = true;
  await phone.page.look();
  await phone.until(/The power is on/);
  assert.doesNotMatch(phone.text, /Code to type|No network/);
});

test('a flatmate comes by an invitation that was shared in a chat, and sees the same flat', async () => {
  const anna = phoneOf('anna').open();
  await anna.until(/Flat 1/);
  await anna.tap('Who sees this flat');
  await anna.tap('Invite somebody who lives here');
  const { path } = anna.page.onShareAppMessage();
  anna.close();

  const friend = phoneOf('friend', { language: 'zh_CN' }).open(path);
  await friend.type('name', '王伟');
  await friend.tap('加入');
  await friend.until(/Flat 1/);
  friend.close();

  await anna.open('/pages/residents/residents').until(/王伟/);
  anna.close();
  // Who leaves takes their own access, and is a stranger again.
  await friend.open('/pages/residents/residents').until(/王伟（您）/);
  await friend.tap('移除 王伟（您）');
  await friend.until(/邀请码/);
  friend.close();
  await anna.open('/pages/residents/residents').until(() => anna.page.data.loaded);
  assert.doesNotMatch(anna.text, /王伟/);
});

test('a language that is switched holds for the pages, for what the server says, and for the next phone', async () => {
  const phone = phoneOf('anna').open();
  await phone.until(/Flat 1/);
  await phone.tap('Language and log-out');
  await phone.tap('简体中文');
  assert.equal(phone.title, '设置');
  await phone.open().until(/供电正常/);
  phone.close();
  const other = phoneOf('anna').open();
  await other.until(/供电正常/);
  await other.tap('语言和退出登录');
  await other.tap('Deutsch');
  await other.open().until(/Der Strom ist an/);
  await other.tap('Sprache und Abmelden');
  await other.tap('English');
  await other.tap('Log out');
  await other.until(() => other.name === 'join');
  assert.deepEqual([...other.storage.keys()], ['language']);
});

test('what was used, what it cost, notices, a fault and a statement as PDF are there', async () => {
  const phone = phoneOf('anna').open();
  await phone.until(/Flat 1/);
  for (const [span, bars] of [['Day', 24], ['Year', 12], ['Month', 28]]) {
    await phone.open('/pages/use/use').shown;
    await phone.tap(span);
    assert.ok(phone.page.data.shown.bars.length >= bars, span);
    assert.match(phone.page.data.shown.kwh, /[1-9].* kWh/, span);
  }
  await phone.open('/pages/costs/costs').until(/Total [\d.,]+ CNY/);

  await phone.open('/pages/notices/notices').until(/Which notices/);
  const [first] = phone.page.data.events;
  await phone.touch(first.title, 'change', { value: false });
  assert.equal(phone.page.data.events[0].is_on, false, phone.text);
  await phone.touch('Quiet hours', 'change', { value: true });
  assert.equal(phone.page.data.quiet.is_on, true, phone.text);
  await phone.tap('Tell me when credit is low');
  assert.match(phone.text, /You will get the next message in WeChat/);

  await phone.open('/pages/report/report').shown;
  await phone.type('text', 'The light in the kitchen flickers.');
  await phone.tap('Send');
  await phone.until(/Your reports .*The light in the kitchen flickers\./);

  await phone.open('/pages/statements/statements').until(/20\d\d/);
  await phone.tap(phone.page.data.statements.at(-1).title + (phone.page.data.statements.at(-1).note ? ' preliminary' : '') + ' ›');
  await phone.until(/Balance before .* Balance after/);
  await phone.tap('Open the PDF');
  assert.equal(phone.text.includes('could not'), false, phone.text);
  assert.equal(phone.opened.length, 1, phone.text);
  assert.match(fs.readFileSync(phone.opened[0].filePath, 'latin1'), /^%PDF-/);
});

test('a message in WeChat leads to the page that settles it', async () => {
  const phone = phoneOf('ben').open('/pages/notices/notices');
  await phone.until(/Tell me when credit is low/);
  await phone.tap('Tell me when credit is low');
  for (const template of phone.asked) await play('permit', { who: 'ben', template });
  await useUp();
  const { sent } = await play('tell');
  assert.equal(sent.length, 1);
  // Somebody who taps on a message has not chosen a flat on this phone, perhaps.
  phone.storage.delete('tenancy');
  assert.equal(sent[0].template, 'tmpl-top-up');
  await phone.open(`/${sent[0].page}`).until(/100\.00 CNY .*at the meter/);
});

test('automatic top-ups are agreed to in WeChat, pay when the credit is low, and end with one tap', async () => {
  const phone = phoneOf('ben').open();
  await phone.until(/Flat 2/);
  phone.wechat.sign = async (wanted) => {
    assert.equal((await play('agree', { wanted })).status, 200);
    return true;
  };
  await phone.tap('Automatic top-up ›');
  await phone.type('amount', '８０');
  await phone.type('most_a_month', '100');
  await phone.type('under_days', '14');
  await phone.tap('Agree');
  await phone.until(/Paid by you, with WeChat Pay, since/);
  await useUp();
  assert.deepEqual((await play('work')).paid, [8000]);
  await play('deliver');
  await phone.open('/pages/automatic/automatic').until(/80\.00 CNY · paid/);
  await phone.tap('End it');
  assert.match(phone.text, /is ended\. Nothing is paid by itself any more\./);
  assert.deepEqual((await play('work')).paid, []);
});

test('a link by which a mother pays is made, sent in a chat, and ended', async () => {
  const phone = phoneOf('anna').open();
  await phone.until(/Flat 1/);
  await phone.tap('Let somebody else pay ›');
  await phone.type('note', 'Mama');
  await phone.tap('30 days');
  await phone.tap('Make a link');
  assert.match(phone.text, /The link is ready\..* Mama until/);
  const [made] = phone.page.data.links;
  const card = phone.page.onShareAppMessage({ from: 'button', target: { dataset: { link: made.link, flat: made.flat_name } } });
  const pageOf = async () => (await fetch(made.link)).text();
  assert.match(await pageOf(), /Flat 1/);
  // Who gets the card has no login.
  await phoneOf('mama').open(card.path).tap('Copy the address');
  await phone.open('/pages/gifts/gifts').until(/Mama/);
  await phone.tap('End: Mama');
  assert.match(phone.text, /The link is ended\./);
  assert.doesNotMatch(await pageOf(), /Flat 1/);
});

test('who moved out sees their last statement and their payments, and no meter any more', async () => {
  const phone = phoneOf('anna').open();
  await phone.until(/Flat 1/);
  await play('move_out', { flat: 'Flat 1' });
  await phone.open().until(/You moved out of Flat 1/);
  assert.equal(phone.page.data.flat, null);
  await phone.tap('Statements');
  await phone.until(/20\d\d/);
  const [last] = phone.page.data.statements;
  await phone.open(last.to).until(/Balance after/);
  await phone.open('/pages/payments/payments').until(/50\.00 CNY/);
});
