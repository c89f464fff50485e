/** Answers of the API as the mini program gets them, for pages whose state a real server reaches only with much ado. */

const CNY = { code: 'CNY', sign: 'CNY', decimals: 2 };
const NIGHT = '2026-11-26T22:40:00Z';

const ME = {
  name: 'li.na',
  language: '',
  tenancies: [
    { id: 7, unit: 'Flat 302', property: 'Banksia Court', landlord: 'Green Homes', begins: '2026-03-01T00:00:00Z', ends: null, is_present: true },
    { id: 3, unit: 'Room 4', property: 'Old Mill', landlord: 'Mill Rooms', begins: '2024-08-01T00:00:00Z', ends: '2026-02-28T12:00:00Z', is_present: false },
  ],
};

const HOME = {
  id: 7,
  unit: 'Flat 302',
  property: 'Banksia Court',
  landlord: 'Green Homes',
  is_present: true,
  currency: CNY,
  at: NIGHT,
  seen_at: '2026-11-26T22:39:50Z',
  is_online: true,
  balance: '1234.565000000',
  days_left: 18,
  power_w: 347,
  is_on: true,
  state: 'ok',
  why: {
    cause: 'on',
    title: 'The power is on',
    text: 'The power is on.',
    what_to_do: [{ do: 'look-at-fuses', text: 'Look at the fuses in your flat.', link: null }],
    off_hours: '',
  },
  lent: null,
  waiting: null,
  emergency: null,
  today: { kwh: '6.204', money: '3.412200000' },
  month: { kwh: '142.380', money: '78.309000000', beside_last: { kwh: '150.1', money: '82.555000000' } },
  price: { now: '0.5500', unit: 'kWh', name: 'day', next: { from: '2026-11-26T23:00:00Z', price: '0.3200', name: 'night' }, words: 'Cheaper from 07:00: 0.32 instead of 0.55 CNY/kWh' },
  codes: [],
  ways: [
    { value: '1:jsapi', title: 'WeChat Pay', kind: 'wechat-mini' },
    { value: '1:h5', title: 'with WeChat on this phone', kind: 'redirect' },
    { value: '2:wap', title: 'Alipay', kind: 'redirect' },
    { value: 'transfer', title: 'Transfer', kind: 'transfer' },
  ],
  has_automatic: true,
  transfer: { reference: 'PW3-4', words: 'Transfer to Green Homes, account 6222 0000 1111 2222.' },
  gateway_page: 'http://192.168.1.20:8080/',
};

const DARK = {
  ...HOME,
  is_online: false,
  balance: '-1.270000000',
  days_left: 0,
  power_w: null,
  is_on: false,
  state: 'off',
  why: {
    cause: 'paid',
    title: 'Paid, and on its way',
    text: 'Last known: The power is off: the credit is used up. 20.00 CNY is paid, and on its way to the meter since 06:10.',
    what_to_do: [
      {
        do: 'type-code',
        text: 'Type this code at the meter, or at the page in the building (http://192.168.1.20:8080/): 3112 1020 9642 6950 7821',
        link: 'http://192.168.1.20:8080/',
      },
      { do: 'call', text: 'If it stays dark, call the manager.', link: null },
    ],
    off_hours: '',
  },
  emergency: { offered: true, amount: '10.000000000' },
  today: { kwh: null, money: null },
  month: { kwh: '142.380', money: '78.309000000', beside_last: null },
  waiting: '20.000000000',
  codes: [{ digits: '31121020964269507821', amount: '20.000000000', made_at: '2026-11-26T22:10:00Z', order: null }],
};

/** The home in Chinese, as the documents show it. */
const CHINESE = {
  ...HOME,
  property: '锦绣花园3栋',
  unit: '302室',
  currency: { ...CNY, sign: '元' },
  balance: '46.910000000',
  days_left: 17,
  why: { cause: 'on', title: '供电正常', text: '供电正常。', what_to_do: [], off_hours: '' },
  price: { now: '0.6200', unit: 'kWh', name: '高峰', next: null, words: '22:00 起电价下降：由 0.62 变为 0.31 元/kWh' },
};

const days = Array.from({ length: 30 }, (_none, day) => ({
  begins: `2026-11-${day < 9 ? '0' : ''}${day + 1}`,
  state: day > 26 ? 'ahead' : day > 25 || day === 11 || day === 12 ? 'unknown' : 'known',
  kwh: day > 25 || day === 11 || day === 12 ? null : `${3 + ((day * 7) % 5)}.${100 + day}`,
  money: day > 25 || day === 11 || day === 12 ? null : `${1 + ((day * 7) % 3)}.250000000`,
  by_rate: day > 25 || day === 11 || day === 12 ? [] : [
    { rate: 'day', kwh: `${2 + ((day * 7) % 5)}.${100 + day}`, money: `${1 + ((day * 7) % 3)}.000000000` },
    { rate: 'night', kwh: '1.000', money: '0.250000000' },
  ],
}));

const line = (section, text, amount, more) => ({
  section, text, amount: `${amount}0000000`, rounded: amount, at: null, tier: null, kwh: null, price_per_kwh: null, included: false, ...more,
});

/** Automatic top-ups that are on. */
const AUTOMATIC = {
  ways: [{ value: '1', title: 'WeChat Pay' }],
  under_days: { fewest: 1, usual: 3, most: 14 },
  rule: {
    state: 'active', state_in_words: 'on', why: '', amount: '50.000000000', under_days: 3, most_a_month: '200.000000000', way: '1', provider: 'WeChat Pay', is_mine: true, payer: 'li.na', label: 'WeChat Pay', asked_at: '2026-11-02T08:00:00Z', agreed_at: '2026-11-02T08:01:00Z', redirect: null,
  },
  payments: [{ id: 'b2', at: '2026-11-26T22:10:00Z', amount: '50.000000000', state: 'paid', state_in_words: 'paid' }],
};

const ANSWERS = {
  'GET /me/tenancies/7/automatic': AUTOMATIC,
  'GET /me/tenancies/7/gift-links': {
    gift_links: [
      { id: 5, is_mine: true, may_be_ended: true, ends_at: '2027-11-27T00:00:00Z', paid: '150.000000000', payments: 2, link: 'https://power.example.com/give/0123456789abcdef0123456789abcdef01234567/', flat_name: 'Flat 302', shown_name: 'Li Na', note: 'Mama' },
      { id: 4, is_mine: false, may_be_ended: true, ends_at: '2026-12-27T00:00:00Z', paid: '0.000000000', payments: 0, link: null, flat_name: null, shown_name: null, note: null },
    ],
  },
  'GET /me': ME,
  'GET /me/tenancies/7': HOME,
  'GET /me/tenancies/3': { ...HOME, id: 3, is_present: false, why: { cause: 'moved-out', title: '', text: '', what_to_do: [], off_hours: '' } },
  'GET /me/tenancies/7/usage': { unit: 'kWh', values: days, before: null },
  'GET /me/tenancies/7/payments': {
    payments: [
      { id: 'b2', at: '2026-11-26T22:10:00Z', amount: '20.00', way: 'WeChat Pay', by: 'li.na', state: 'paid', state_in_words: 'paid', code: '31121020964269507821' },
      { id: 'a1', at: '2026-11-02T08:00:00Z', amount: '100.00', way: 'WeChat Pay', by: 'wang.wei', state: 'paid', state_in_words: 'paid', code: null },
    ],
    next: 'a1',
  },
  'GET /me/payments/b2': {
    id: 'b2', tenancy: 7, state: 'paid', state_in_words: 'paid', amount: '20.00', arrived_at: '2026-11-26T22:10:05Z', at_meter_at: null, code: '31121020964269507821',
  },
  'GET /me/tenancies/7/bill': {
    begins: '2026-11-01',
    ends: '2026-11-27',
    lines: [
      { text: 'day', quantity: '100.180', price: '0.550000', amount: '55.099000000' },
      { text: 'night', quantity: '42.200', price: '0.320000', amount: '13.504000000' },
      { text: 'service fee', quantity: null, price: null, amount: '9.706000000' },
    ],
    total: '78.309000000',
  },
  'GET /me/tenancies/7/shares': [
    { id: 5, name: 'Light of the stairs', begins: '2026-10-01', ends: '2026-10-31', amount: '4.120000000', is_reversed: false },
  ],
  'GET /me/tenancies/7/shares/5': {
    id: 5,
    derivation: {
      shared_cost: 'Light of the stairs',
      kwh: '61.200',
      cost: '33.660000000',
      rule_percent: { equal: '50.00', area: '50.00' },
      own: { days: 31, weights: ['1', '2480'], amount: '4.120000000' },
      everybody: Array.from({ length: 8 }, () => ({ days: 31, weights: ['1', '2480'], amount: '4.2' })),
    },
  },
  'GET /me/tenancies/7/statements': [
    { month: '2026-11', title: 'November 2026', is_final: false }, { month: '2026-10', title: 'October 2026', is_final: true },
  ],
  'GET /me/tenancies/7/statements/2026-10': {
    schema: 'prewatt-statement-1',
    property: 'Banksia Court',
    unit: 'Flat 302',
    tenant: 'Li Na',
    currency: 'CNY',
    zone: 'Asia/Shanghai',
    begins: '2026-09-30T16:00:00Z',
    ends: '2026-10-31T16:00:00Z',
    complete: true,
    kwh: '180.400',
    lines: [
      line('top-ups', 'Top-up WeChat Pay', '100.00', { at: '2026-10-03T02:00:00Z' }),
      line('electricity', 'day', '-66.00', { kwh: '120.000', price_per_kwh: '0.550000' }),
      line('electricity', 'night', '-19.33', { kwh: '60.400', price_per_kwh: '0.320000' }),
      line('tax', 'VAT 13 %', '-9.82', { included: true }),
      line('shared', 'Light of the stairs', '-4.12'),
    ],
    rounded: { opening: '12.10', closing: '22.65', sum_of_lines: '22.65', remainder: '0' },
  },
  'GET /me/notices': {
    notices: [
      { at: '2026-11-26T22:10:10Z', event: 'payment', title: 'Payment received', text: '20.00 CNY were paid for Flat 302.', page: 'pages/payment/payment?id=b2' },
      { at: '2026-11-25T09:00:00Z', event: 'low', title: 'Credit is low', text: '8.40 CNY are left, for about 2 days.', page: 'pages/pay/pay' },
    ],
    channels: [{ kind: 'wechat-mini', title: 'WeChat mini program', address: '2 more messages', is_on: true, trouble: '' },
      { kind: 'email', title: 'e-mail', address: 'li.na@example.com', is_on: true, trouble: '' }],
    events: [
      { event: 'low', title: 'credit is low', is_on: true }, { event: 'off', title: 'the power is off', is_on: true },
      { event: 'statement', title: 'a statement is ready', is_on: false },
    ],
    quiet: { begins: 22, ends: 7 },
    templates: [{ event: 'low', template_id: 'TEMPLATE-LOW' }, { event: 'off', template_id: 'TEMPLATE-OFF' }],
  },
  'GET /me/tenancies/7/residents': {
    residents: [
      { id: 1, name: 'li.na', since: '2026-03-01T00:00:00Z', is_me: true, may_be_removed: false },
      { id: 2, name: 'wang.wei', since: '2026-05-14T00:00:00Z', is_me: false, may_be_removed: true },
    ],
    may_invite: true,
    invitations_open: 0,
  },
  'POST /me/tenancies/7/residents/invitations': {
    code: 'ABCD-EFGH-JKLM-NPQR', link: 'https://power.example.com/join/ABCDEFGHJKLMNPQR/', ends_at: '2026-12-10T22:40:00Z',
  },
  'GET /me/tenancies/7/reports': {
    kinds: [
      { value: 'danger', title: 'danger: sparks, smell of burning, a shock' }, { value: 'no-power', title: 'no power' },
      { value: 'wiring', title: 'light, socket or fuse' }, { value: 'other', title: 'something else' },
    ],
    reports: [{
      id: 4,
      kind: 'wiring',
      title: 'light, socket or fuse',
      state: 'work',
      state_in_words: 'in work',
      at: '2026-11-20T10:00:00Z',
      text: 'The socket beside the window is loose.',
      answers: [{ at: '2026-11-21T08:00:00Z', by: 'Green Homes', text: 'The electrician comes on Friday.' }],
    }],
  },
  'POST /wechat/log-in': { key: 'KEY', ends_at: '2027-02-24T00:00:00Z', language: '' },
};

/** @param {Record<string, any>} changed answers in place of the recorded ones; a function is asked; null is 404 */
function recorded(changed = {}) {
  const all = { ...ANSWERS, ...changed };
  return (method, path, body) => {
    const found = all[`${method} ${path}`] ?? all[`${method} ${path.split('?')[0]}`];
    const answer = typeof found === 'function' ? found(path, body) : found;
    if (answer && answer.status) return answer;
    return answer ? { body: answer } : { status: 404, body: { detail: `${method} ${path} is not recorded` } };
  };
}

module.exports = {
  recorded, ME, HOME, DARK, CHINESE, CNY, AUTOMATIC,
};
