const assert = require('node:assert/strict');
const test = require('node:test');
const forms = require('../lib/forms');
const typed = require('../lib/typed');

const EN = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

test('a decimal is rounded half to even, as the server rounds it', () => {
  const cases = [
    ['12.345', 2, '12.34'], ['12.355', 2, '12.36'], ['12.3450001', 2, '12.35'], ['9.995', 2, '10.00'], ['99.5', 0, '100'], ['0.5', 0, '0'],
    ['-1.27', 2, '-1.27'], ['-0.004', 2, '0.00'], ['7', 2, '7.00'], ['1000', 0, '1000'], ['0.1256', 3, '0.126'], ['999999999999999999.999', 2, '1000000000000000000.00'],
  ];
  for (const [text, decimals, printed] of cases) assert.equal(forms.rounded(text, decimals), printed, text);
});

test('an amount is written as the language writes it', () => {
  const eur = { decimals: 2, sign: 'EUR' };
  assert.equal(forms.moneyWithSign('1234567.891', eur, 'en'), '1,234,567.89\u00a0EUR');
  assert.equal(forms.moneyWithSign('1234.5', { decimals: 2, sign: '€' }, 'de'), '1.234,50\u00a0€');
  assert.equal(forms.moneyWithSign('-1234', { decimals: 0, sign: '日元' }, 'zh-hans'), '-1,234\u00a0日元');
  assert.equal(forms.short('0.3200', 'de'), '0,32');
  assert.equal(forms.short('120', 'en'), '120');
  assert.equal(forms.kw(347, 'en'), '0.35');
  assert.equal(forms.kw(12000, 'de'), '12,00');
});

test('sums and comparisons are exact where a float is not', () => {
  assert.equal(forms.plus('0.1', '0.2'), '0.300000000');
  assert.equal(forms.plus('99999999999999.999999999', '0.000000001'), '100000000000000.000000000');
  assert.equal(forms.isMore('10.0', '9.99'), true);
  assert.equal(forms.isMore('0.000000001', '0.000000002'), false);
  assert.equal(forms.share('2.5', '10'), 25);
  assert.equal(forms.share('0', '0'), 0);
});

test('days and ages are written in words', () => {
  assert.equal(forms.day('2026-10-06', EN, 'en'), '6 Oct 2026');
  assert.equal(forms.day('2026-10', EN, 'zh-hans'), '2026年10月');
  assert.equal(forms.shortDay(new Date(2026, 9, 6), EN, 'zh-hans'), '10月6日');
  assert.deepEqual(forms.age(30e3), { unit: 'moments', count: 0 });
  assert.deepEqual(forms.age(119 * 60e3), { unit: 'minutes', count: 119 });
  assert.deepEqual(forms.age(47 * 3600e3), { unit: 'hours', count: 47 });
  assert.deepEqual(forms.age(3 * 86400e3), { unit: 'days', count: 3 });
});

test('what a Chinese keyboard types in full width is read as what it means', () => {
  assert.equal(typed.plain(' ５０．５０ '), '50.50');
  assert.equal(typed.plain('５０。５'), '50.5');
  assert.equal(typed.figures('１２３ ４５６'), '123456');
  assert.equal(typed.invitation('ａｂｃｄ－ｅｆｇｈ ＪＫＬＭ ＮＰＱＲ'), 'ABCDEFGHJKLMNPQR');
});

test('an invitation is found in what was shared, scanned or typed', () => {
  assert.equal(typed.invitationOf({ invitation: 'ABCDEFGHJKLMNPQR' }), 'ABCDEFGHJKLMNPQR');
  assert.equal(typed.invitationOf({ scene: 'ABCD-EFGH-JKLM-NPQR' }), 'ABCDEFGHJKLMNPQR');
  assert.equal(typed.invitationOf({ q: encodeURIComponent('https://power.example.com/join/ABCD-EFGH-JKLM-NPQR/?from=qr') }), 'ABCDEFGHJKLMNPQR');
  assert.equal(typed.invitationOf({}), '');
  assert.equal(typed.invitation('not one'), 'not one');
});
