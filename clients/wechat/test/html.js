/** A page of the simulator as HTML, with its sheets, so that a browser shows and measures it as a phone would. */

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const TAGS = { view: 'div', text: 'span', button: 'button', input: 'input', textarea: 'textarea', switch: 'input', picker: 'div' };
const ALONE = ['input'];
/** What WeChat's own sheet says, as far as a page shows it. */
const OWN = `
* { -webkit-tap-highlight-color: transparent; }
body { margin: 0; }
button { font-family: inherit; }
input, textarea { font-family: inherit; resize: none; }
input.wx-switch { appearance: auto; width: 56px; height: 44px; min-height: 0; margin: 0; padding: 0; flex: none; accent-color: var(--brand); }
.wx-bar { height: 44px; line-height: 44px; text-align: center; font-size: 17px; font-weight: 600; background: var(--paper); color: var(--ink); }
`;

const escaped = (text) => String(text).replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);

/** @param {string} sheet WXSS @returns {string} CSS: 750 rpx are the width of the screen */
function css(sheet) {
  return sheet
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/(-?[\d.]+)rpx/g, (_all, number) => `calc(${number} * 100vw / 750)`)
    .replace(/(^|[\s,>+}])(page|view|text|picker)(?=[\s,{.:]|$)(?=[^{}]*\{)/gm, (_all, before, tag) => before + ({ page: 'body', picker: '.wx-picker' }[tag] || TAGS[tag]));
}

function sheets(name) {
  return ['app.wxss', `${name}.wxss`].map((each) => path.join(ROOT, each)).filter(fs.existsSync).map((each) => css(fs.readFileSync(each, 'utf8'))).join('\n');
}

/** Attributes of HTML for those of WXML. */
function attributes(tag, attrs) {
  const found = Object.fromEntries(attrs.map((each) => [each.name, each.value]));
  const made = { class: found.class || '', style: found.style };
  for (const [name, value] of Object.entries(found)) {
    if (name === 'aria-role') made.role = value;
    else if (name.startsWith('aria-')) made[name] = String(value);
  }
  if (made.role === 'heading') made['aria-level'] = 2;
  if (found.disabled) made.disabled = '';
  if (tag === 'input') Object.assign(made, { value: found.value || '', placeholder: found.placeholder || '', type: found.password ? 'password' : 'text' });
  if (tag === 'switch') Object.assign(made, { class: 'wx-switch', type: 'checkbox', role: 'switch', ...(found.checked ? { checked: '' } : {}) });
  if (tag === 'picker') Object.assign(made, { class: 'wx-picker', role: 'button', tabindex: 0 });
  return Object.entries(made).filter(([, value]) => value !== undefined).map(([name, value]) => ` ${name}="${escaped(value)}"`).join('');
}

function part(node) {
  if (typeof node === 'string') return escaped(node);
  const own = node.tagName.replace(/^wx-/, '');
  const tag = TAGS[own] || 'div';
  const head = `<${tag}${attributes(own, node.attrs)}>`;
  if (ALONE.includes(tag)) return head;
  const value = own === 'textarea' ? escaped((node.attrs.find((each) => each.name === 'value') || {}).value || '') : '';
  return `${head}${value}${node.children.map(part).join('')}</${tag}>`;
}

/** @returns {string} a whole document */
function page(tree, { name, title, language }) {
  const inner = tree.children.map(part).join('');
  return `<!DOCTYPE html><html lang="${language === 'zh-hans' ? 'zh-Hans' : language}"><head><meta charset="utf-8">`
    + `<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${escaped(title)}</title>`
    + `<style>${OWN}${sheets(name)}</style></head><body><h1 class="wx-bar">${escaped(title)}</h1><main>${inner}</main></body></html>`;
}

module.exports = { page, css };
