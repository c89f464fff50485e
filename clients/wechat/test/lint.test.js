/** What WeChat's tools would find only on somebody's phone. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const zlib = require('node:zlib');
const { LOCALES } = require('../locale/list');

const ROOT = path.join(__dirname, '..');
const APP = JSON.parse(fs.readFileSync(path.join(ROOT, 'app.json'), 'utf8'));
const PROJECT = JSON.parse(fs.readFileSync(path.join(ROOT, 'project.config.json'), 'utf8'));
const MOST = 2 * 1024 * 1024;

const read = (name) => fs.readFileSync(path.join(ROOT, name), 'utf8');
const nameOf = (page) => page.split('/').pop();
const withoutComments = (source) => source.replace(/\/\*[^]*?\*\//g, '').replace(/\/\/.*$/gm, '');

/** All files that are uploaded. */
function uploaded(folder = '') {
  const left = PROJECT.packOptions.ignore.map((each) => each.value);
  return fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((each) => {
    const name = path.posix.join(folder, each.name);
    if (left.includes(name)) return [];
    return each.isDirectory() ? uploaded(name) : [name];
  });
}

/** A page's WXML with what it includes, and its scripts. */
function sourcesOf(page) {
  const wxml = read(`${page}.wxml`).replace(/<include src="\/([^"]+)" \/>/g, (_all, file) => read(file));
  const folder = path.dirname(page);
  const scripts = fs.readdirSync(path.join(ROOT, folder)).filter((each) => each.endsWith('.js')).map((each) => read(path.join(folder, each)));
  return { wxml, scripts: scripts.join('\n') };
}

const LIBRARY = fs.readdirSync(path.join(ROOT, 'lib')).map((each) => read(`lib/${each}`)).join('\n');

test('app.json names exactly the pages that there are, each with its script and WXML', () => {
  const folders = fs.readdirSync(path.join(ROOT, 'pages'), { withFileTypes: true }).filter((each) => each.isDirectory());
  const found = folders.map((each) => `pages/${each.name}/${each.name}`);
  assert.deepEqual([...APP.pages].sort(), found.sort());
  assert.equal(APP.pages[0], 'pages/home/home');
  for (const page of APP.pages) for (const kind of ['js', 'json', 'wxml']) assert.ok(fs.existsSync(path.join(ROOT, `${page}.${kind}`)), `${page}.${kind}`);
});

test('WXML binds only functions that its page has', () => {
  const shared = read('lib/page.js');
  for (const page of APP.pages) {
    const { wxml, scripts } = sourcesOf(page);
    for (const [, handler] of wxml.matchAll(/\b(?:bind|catch)[a-z:]*="(\w+)"/g)) {
      assert.match(scripts + shared, new RegExp(`^ {2,4}(?:async )?${handler}\\(`, 'm'), `${page} binds ${handler}`);
    }
  }
});

test('each address of a page is one of app.json', () => {
  const all = APP.pages.map(sourcesOf).map((each) => each.wxml + each.scripts).join('\n') + LIBRARY;
  const addresses = [...all.matchAll(/\/(pages\/[a-z-]+\/[a-z-]+)(?=['"?`}])/g)].map((each) => each[1]);
  assert.ok(addresses.length > 8);
  for (const each of addresses) assert.ok(APP.pages.includes(each), each);
});

/** Every text with its path: `home.ago.hours`. */
function flat(texts, before = '') {
  return Object.entries(texts).flatMap(([key, value]) => {
    const isGroup = typeof value === 'object' && !Array.isArray(value);
    return isGroup ? flat(value, `${before}${key}.`) : [[before + key, value]];
  });
}

const placesOf = (value) => [...new Set([value].flat().join(' ').match(/{\w+}/g) || [])].sort();

/** The texts of a language, without its rules. */
const textsOf = ({ rules: _rules, ...texts }) => new Map(flat(texts));

/** How many forms a text that counts has in a language. */
const formsOf = ({ rules }) => new Set(Array.from({ length: 200 }, (_each, count) => rules.plural(count))).size;

test('all languages have the same texts, with the same places and all forms, and none is empty', () => {
  const english = textsOf(LOCALES.en);
  for (const [language, locale] of Object.entries(LOCALES)) {
    const texts = textsOf(locale);
    assert.deepEqual([...texts.keys()], [...english.keys()], language);
    for (const [key, value] of texts) {
      assert.deepEqual(placesOf(value), placesOf(english.get(key)), `${language} ${key}`);
      const forms = key === 'common.months' ? 12 : formsOf(locale);
      assert.equal(Array.isArray(value) && value.length, Array.isArray(english.get(key)) && forms, `${language} ${key}`);
      assert.ok([value].flat().every((each) => each.trim()), `${language} ${key}`);
    }
  }
});

test('each language stands in the list, and says by itself how it is called, counts, and writes amounts and days', () => {
  const files = fs.readdirSync(path.join(ROOT, 'locale')).filter((each) => each !== 'list.js');
  assert.deepEqual(files.sort(), Object.keys(LOCALES).map((each) => `${each}.js`).sort());
  const places = { day: /{day}/, month: /{month(_name)?}/, year: /{year}/, clock: /{clock}/ };
  const patterns = { day: ['day', 'month', 'year'], month: ['month', 'year'], short_day: ['day', 'month'], instant: ['clock', 'day'] };
  for (const [language, { rules }] of Object.entries(LOCALES)) {
    const { tags, signs, plural, ...written } = rules;
    assert.ok(tags.length && tags.every((each) => /^[a-z]+(-[a-z0-9]+)*$/.test(each)), `${language} tags`);
    assert.equal(signs.length, 2, `${language} signs`);
    for (let count = 0; count < 200; count += 1) assert.ok(plural(count) >= 0 && plural(count) < formsOf({ rules }), `${language} plural(${count})`);
    assert.deepEqual(Object.keys(written).sort(), Object.keys(patterns).sort(), language);
    for (const [name, pattern] of Object.entries(written)) {
      assert.deepEqual(Object.keys(places).filter((each) => places[each].test(pattern)).sort(), patterns[name], `${language} ${name}`);
      assert.equal(placesOf(pattern).length, patterns[name].length, `${language} ${name}`);
    }
  }
  const tags = Object.values(LOCALES).flatMap((each) => each.rules.tags);
  assert.equal(new Set(tags).size, tags.length, 'two languages have the same tag');
});

test('no page and nothing in the library knows a language by name', () => {
  const codes = [...Object.keys(LOCALES), ...Object.values(LOCALES).flatMap((each) => each.rules.tags)].join('|');
  const named = new RegExp(`['"\`.](${codes})(?![a-z0-9])|[{,]\\s*(${codes})\\s*:`, 'i');
  for (const wrong of ["=== 'de'", 'startsWith("zh")', "'zh_CN'", 'LOCALES.en;', "{ en: ['.'] }", '`zh-Hans`']) assert.match(wrong, named);
  const files = uploaded().filter((each) => /^(lib|pages)\/.*\.(js|wxml)$/.test(each));
  assert.ok(files.length > 50);
  for (const file of files) assert.doesNotMatch(withoutComments(read(file)), named, file);
});

test('each text is used, and each that is used is there', () => {
  const everything = APP.pages.map(sourcesOf).map((each) => each.wxml + each.scripts).join('\n') + LIBRARY;
  const uses = (source, key) => new RegExp(`\\bt\\.${key}\\b|'${key}'|common\\.${key}\\b`).test(source);
  for (const page of APP.pages) {
    const { wxml, scripts } = sourcesOf(page);
    const texts = LOCALES.en[nameOf(page)];
    for (const key of Object.keys(texts)) {
      const isLink = key.startsWith('to_') && scripts.includes('`to_${name}`') && uses(scripts, key.slice(3));
      assert.ok(key === 'title' || isLink || uses(wxml + scripts, key), `${page}: ${key} is not used`);
    }
    for (const [, key] of (wxml + scripts).matchAll(/\bt\.(\w+)/g)) {
      assert.ok(key in texts || key in LOCALES.en.common, `${page}: there is no text ${key}`);
    }
  }
  for (const key of Object.keys(LOCALES.en.common)) assert.ok(uses(everything, key), `common: ${key} is not used`);
});

test('all that people read comes from the locales', () => {
  for (const page of [...APP.pages, 'pages/said']) {
    const wxml = read(`${page}.wxml`);
    const words = wxml.replace(/<[^>]*>/g, ' ').replace(/{{[^}]*}}/g, ' ');
    assert.doesNotMatch(words, /\p{L}/u, `${page} has words of its own`);
    for (const [, said] of wxml.matchAll(/(?:aria-label|title)="([^"]*)"/g)) assert.match(said, /^{{.*}}$/, `${page}: ${said}`);
  }
  for (const page of APP.pages) {
    const scripts = withoutComments(sourcesOf(page).scripts);
    for (const [, text] of scripts.replace(/`[^`]*`/g, '').matchAll(/'([^'\n]*)'/g)) {
      assert.doesNotMatch(text, /\p{L}{2,} \p{L}{2,}/u, `${page} has a sentence of its own`);
    }
    assert.doesNotMatch(scripts, /\p{Script=Han}/u, `${page} has Chinese of its own`);
  }
  assert.doesNotMatch(withoutComments(LIBRARY), /\p{Script=Han}/u, 'the library has Chinese of its own');
});

test('no page has more than 150 lines of script, and none counts money as a float', () => {
  for (const page of APP.pages) {
    for (const file of fs.readdirSync(path.join(ROOT, path.dirname(page))).filter((each) => each.endsWith('.js'))) {
      const source = read(path.join(path.dirname(page), file));
      assert.ok(source.split('\n').length <= 150, file);
      assert.doesNotMatch(source, /parseFloat|toFixed/, file);
    }
  }
  assert.doesNotMatch(LIBRARY, /parseFloat|toFixed/);
});

test('the package is far below the 2 MB of WeChat', () => {
  const files = uploaded();
  const bytes = files.reduce((sum, each) => sum + fs.statSync(path.join(ROOT, each)).size, 0);
  const packed = zlib.gzipSync(files.map(read).join('')).length;
  console.log(`package: ${files.length} files, ${(bytes / 1024).toFixed(0)} kB, ${(packed / 1024).toFixed(0)} kB compressed; WeChat takes 2048 kB`);
  assert.ok(bytes < MOST / 4);
  assert.ok(!files.some((each) => /test|node_modules|package/.test(each)));
});
