/**
 * A phone with WeChat in it: pages are made by j-component, which is a simulator of WeChat's own, and `wx` is played here by
 * WeChat's documentation. Only what the mini program uses is played; anything else is an error of the test.
 */

const { EventEmitter, once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { JSDOM } = require('jsdom');
const html = require('./html');

const ROOT = path.join(__dirname, '..');
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT'];
const APP = JSON.parse(fs.readFileSync(path.join(ROOT, 'app.json'), 'utf8'));

const { window } = new JSDOM('<!doctype html><body></body>');
Object.assign(globalThis, { window, document: window.document });
['Node', 'HTMLElement', 'Event', 'CustomEvent'].forEach((name) => { globalThis[name] = window[name]; });
const jComponent = require('j-component');

['view', 'text', 'button', 'input', 'textarea', 'switch', 'picker', 'image', 'navigator'].forEach((id) => {
  jComponent.register({ id, tagName: `wx-${id}`, template: '<slot/>' });
});

/** WXML as j-component reads it: `include` is a copy, as WeChat's documentation says. */
function wxml(file) {
  const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
  return text.replace(/<include src="\/([^"]+)" \/>/g, (_all, other) => wxml(other)).trim();
}

const definitions = new Map();
globalThis.App = () => {};
globalThis.Page = (definition) => { globalThis.Page.last = definition; };

/** A page as a component: its functions are methods. */
function component(name) {
  if (!definitions.has(name)) {
    require(path.join(ROOT, name));
    const definition = globalThis.Page.last;
    const methods = Object.fromEntries(Object.entries(definition).filter(([, each]) => typeof each === 'function'));
    definitions.set(name, jComponent.register({ template: wxml(`${name}.wxml`), data: definition.data, methods }));
  }
  return jComponent.create(definitions.get(name));
}

/** The texts of a part of a page, as an eye reads them. */
function textOf(node) {
  if (typeof node === 'string') return node;
  return node.children.map(textOf).join(node.tagName === 'wx-text' ? '' : ' ').replace(/\s+/g, ' ').trim();
}

const attribute = (node, name) => (node.attrs.find((each) => each.name === name) || {}).value;

/** All parts of a page, the outer ones first, each with its parents. */
function* parts(node, parents = []) {
  if (typeof node === 'string') return;
  yield { node, parents };
  for (const child of node.children) yield* parts(child, [node, ...parents]);
}

class Phone {
  static all = new Set();

  /** Leave the mini program on every phone, so that nothing goes on beside the next test. */
  static closeAll() {
    Phone.all.forEach((each) => each.close());
    Phone.all.clear();
  }

  /**
   * @param {object} how
   * @param {string} [how.server] address of a real server
   * @param {(method: string, path: string, body: any) => any} [how.answer] plays the server instead
   * @param {object} [how.wechat] `login()` gives a code; `pay(fields)` says '' or how it failed; `sign(wanted)`
   *   says whether WeChat's own mini program opened, in which somebody agrees to payments
   * @param {string} [how.language] of the phone
   * @param {string} [how.appid] of the mini program: WeChat itself tells it to the server
   */
  constructor({ server = 'https://played.invalid', answer, wechat = {}, language = 'en', appid = 'wx0' }) {
    Object.assign(this, { server, answer, wechat, language, appid });
    this.storage = new Map();
    this.stack = [];
    this.isOnline = true;
    this.saysYes = true;
    this.consents = 'accept';
    this.asked = [];
    this.calls = [];
    this.opened = [];
    this.clipboard = '';
    this.title = '';
    this.changes = new EventEmitter();
    this.changes.setMaxListeners(0);
    this.wx = this.playWx();
    Phone.all.add(this);
  }

  /** Open a page, as a tap on the mini program's sign, on a message or on a QR code does. */
  open(url = '/pages/home/home') {
    require(path.join(ROOT, 'config')).server = this.server;
    globalThis.wx = this.wx;
    this.close();
    this.push(url);
    return this;
  }

  /** Leave the mini program: all pages end. */
  close() {
    while (this.stack.length) this.pop();
  }

  push(url) {
    const [name, query] = url.replace(/^\//, '').split('?');
    if (!APP.pages.includes(name)) throw new Error(`${name} is no page of app.json`);
    const top = this.page;
    if (top) top.onHide?.();
    const made = component(name);
    made.attach(window.document.createElement('div'));
    const page = made.instance;
    const setData = page.setData.bind(page);
    page.setData = (data, after) => {
      setData(data, after);
      this.changes.emit('changed');
    };
    this.stack.push({ name, made, page });
    // WeChat leaves values of a query as they stand in the address.
    page.onLoad(Object.fromEntries((query || '').split('&').filter(Boolean).map((each) => each.split('='))));
    this.shown = page.onShow();
  }

  pop() {
    const { page } = this.stack.pop();
    page.onUnload?.();
  }

  get page() {
    return this.stack.at(-1)?.page;
  }

  get name() {
    return this.stack.at(-1)?.name.split('/').pop();
  }

  /** All parts of the page that is seen. */
  get tree() {
    return this.stack.at(-1).made.toJSON();
  }

  /** What the page that is seen says. */
  get text() {
    return textOf(this.tree).replace(/\u00a0/g, ' ');
  }

  /** Wait until the page says something, or until something holds. */
  async until(what) {
    const holds = typeof what === 'function' ? what : () => what.test(this.text);
    const late = setTimeout(() => this.changes.emit('error', new Error(`${what} never came; ${this.name} says: ${this.text}`)), 20000);
    try {
      while (!holds()) await once(this.changes, 'changed');
    } finally {
      clearTimeout(late);
    }
    return this;
  }

  /** The part that bears a text or is called so, or has something in `data-name`; the innermost of them. */
  find(words) {
    const fits = ({ node }) => textOf(node) === words || attribute(node, 'aria-label') === words || attribute(node, 'data-name') === words;
    const found = [...parts(this.tree)].filter(fits).at(-1);
    if (!found) throw new Error(`"${words}" is not on the page ${this.name}, which says: ${this.text}`);
    return found;
  }

  /** Do to a part what a finger does; the page has bound what follows. */
  async touch(words, event, detail = {}) {
    const { node, parents } = this.find(words);
    const bound = [node, ...parents].find((each) => each.event[event]);
    if (!bound) throw new Error(`nothing is bound to ${event} of "${words}"`);
    if (attribute(bound, 'disabled')) throw new Error(`"${words}" is disabled`);
    const dataset = {};
    bound.attrs.filter((each) => each.name.startsWith('data-')).forEach((each) => { dataset[each.name.slice(5)] = each.value; });
    await this.page[bound.event[event].handler]({ type: event, detail, currentTarget: { dataset }, target: { dataset } });
    return this;
  }

  /** Tap, and wait until the act is over, and the page that it led to has been shown. */
  async tap(words) {
    await this.touch(words, 'tap');
    await this.shown;
    return this;
  }

  type(name, value) {
    return this.touch(name, 'input', { value });
  }

  /** The page as HTML, for a browser. */
  html() {
    return html.page(this.tree, { name: this.stack.at(-1).name, title: this.title, language: this.spoken() });
  }

  /** The language in which its pages speak. */
  spoken() {
    globalThis.wx = this.wx;
    return require('../lib/storage').language();
  }

  playWx() {
    const phone = this;
    const emit = () => phone.changes.emit('changed');
    return {
      getStorageSync: (key) => (phone.storage.has(key) ? JSON.parse(phone.storage.get(key)) : ''),
      setStorageSync: (key, value) => { phone.storage.set(key, JSON.stringify(value)); },
      clearStorageSync: () => phone.storage.clear(),
      getAppBaseInfo: () => ({ language: phone.language }),
      setNavigationBarTitle: ({ title }) => { phone.title = title; },
      stopPullDownRefresh: () => {},
      setClipboardData: ({ data }) => { phone.clipboard = data; },
      login: ({ success, fail }) => (phone.isOnline ? success({ code: phone.wechat.login() }) : fail({ errMsg: 'login:fail' })),
      request: (options) => phone.request(options),
      downloadFile: (options) => phone.download(options),
      openDocument: ({ filePath, fileType, success }) => {
        phone.opened.push({ filePath, fileType });
        success({ errMsg: 'openDocument:ok' });
      },
      requestPayment: async ({ success, fail, ...fields }) => {
        const trouble = await phone.wechat.pay(fields);
        if (trouble) fail({ errMsg: `requestPayment:fail ${trouble}` });
        else success({ errMsg: 'requestPayment:ok' });
      },
      requestSubscribeMessage: ({ tmplIds, success }) => {
        phone.asked.push(...tmplIds);
        success(Object.fromEntries([['errMsg', 'requestSubscribeMessage:ok'], ...tmplIds.map((each) => [each, phone.consents])]));
      },
      showModal: ({ success, confirmText, cancelText }) => {
        if (confirmText.length > 4 || cancelText.length > 4) throw new Error('WeChat takes four signs for a button');
        success({ confirm: phone.saysYes, cancel: !phone.saysYes });
      },
      navigateToMiniProgram: async ({ success, fail, ...wanted }) => {
        if (await phone.wechat.sign(wanted)) success({ errMsg: 'navigateToMiniProgram:ok' });
        else fail({ errMsg: 'navigateToMiniProgram:fail cancel' });
      },
      navigateTo: ({ url }) => { phone.push(url); emit(); },
      redirectTo: ({ url }) => { phone.pop(); phone.push(url); emit(); },
      reLaunch: ({ url }) => { phone.close(); phone.push(url); emit(); },
    };
  }

  /** `wx.request`: never throws, knows its methods, and tells status and body. */
  async request({ url, method = 'GET', data, header, success, fail }) {
    if (!METHODS.includes(method)) throw new Error(`wx.request knows no ${method}`);
    this.calls.push(`${method} ${url.slice(this.server.length)}`);
    if (!this.isOnline) return fail({ errMsg: 'request:fail' });
    if (this.answer) {
      const { status = 200, body } = await this.answer(method, url.slice(`${this.server}/api/v1`.length), data);
      return success({ statusCode: status, data: body && JSON.parse(JSON.stringify(body)) });
    }
    let answer;
    try {
      answer = await fetch(url, { method, headers: { ...header, Referer: `https://servicewechat.com/${this.appid}/1/page-frame.html` }, body: data === undefined ? undefined : JSON.stringify(data) });
    } catch (failure) {
      return fail({ errMsg: 'request:fail' });
    }
    const text = await answer.text();
    const isJson = (answer.headers.get('content-type') || '').includes('json');
    return success({ statusCode: answer.status, data: isJson && text ? JSON.parse(text) : text });
  }

  async download({ url, header, success, fail }) {
    if (!this.isOnline) return fail({ errMsg: 'downloadFile:fail' });
    const answer = await fetch(url, { headers: header });
    const tempFilePath = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'phone-')), 'file');
    fs.writeFileSync(tempFilePath, Buffer.from(await answer.arrayBuffer()));
    return success({ statusCode: answer.status, tempFilePath });
  }
}

module.exports = { Phone, APP, ROOT, attribute, parts, textOf };
