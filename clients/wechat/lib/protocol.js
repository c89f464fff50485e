// @ts-nocheck (plain JavaScript; what comes from outside is checked when it runs)
// What a phone and a gateway say to each other over Bluetooth, without any input or output: bytes in, bytes out.
// docs/installer/onsite.md describes it; wire/on_site.py is the other side, and tests compare the two byte by byte.
//
// One source for browsers (a plain script, which leaves `PrewattOnSite`) and for the mini program (a module, in
// clients/wechat/lib, the same file: a test compares them). Signatures are not made here: who calls passes
//   sign(bytes) -> 64 bytes, and verify(key, bytes, signature) -> whether the key made it,
// Ed25519 both, or promises of these.
//
// MessagePack by hand: our messages need maps, lists, texts, bytes, whole numbers, true, false and nil, which is far less than
// @msgpack/msgpack brings, and a decoder that knows no more can be strict: nothing twice, nothing left over, no numbers
// that JavaScript would round.
(root => {
"use strict";

const SERVICE = "7072e001-6577-4174-9a31-1c55ab2f0001";
const IDENTIFY = "7072e002-6577-4174-9a31-1c55ab2f0001";
const REQUEST = "7072e003-6577-4174-9a31-1c55ab2f0001";
const REPLY = "7072e004-6577-4174-9a31-1c55ab2f0001";
const GREATEST = 16 * 1024, DEEPEST = 8, LAST = 1;

// `code` says what is wrong, for the page's words; `text` what the gateway itself says of it.
class OnSiteError extends Error {
  constructor(code, text) { super(text || code); this.code = code; this.text = text || ""; }
}
const malformed = () => new OnSiteError("malformed");

// -- texts: mini programs have neither TextEncoder nor atob --------------------------------------------------------

const utf8 = text => {
  const bytes = [];
  for (const sign of text) {
    const point = sign.codePointAt(0);
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | point >> 6, 0x80 | point & 63);
    else if (point < 0x10000) bytes.push(0xe0 | point >> 12, 0x80 | point >> 6 & 63, 0x80 | point & 63);
    else bytes.push(0xf0 | point >> 18, 0x80 | point >> 12 & 63, 0x80 | point >> 6 & 63, 0x80 | point & 63);
  }
  return Uint8Array.from(bytes);
};
const text = bytes => {
  let escaped = "";
  for (const byte of bytes) escaped += `%${(byte + 256).toString(16).slice(1)}`;
  try { return decodeURIComponent(escaped); } catch (error) { throw malformed(); }
};
const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const base64 = given => {
  const bytes = [];
  let held = 0, bits = 0;
  for (const sign of given.replace(/=+$/, "")) {
    const value = SIGNS.indexOf(sign);
    if (value < 0) throw malformed();
    held = (held << 6 | value) & 0xfffff;
    bits += 6;
    if (bits >= 8) { bits -= 8; bytes.push(held >> bits & 255); }
  }
  return Uint8Array.from(bytes);
};
const hex = bytes => Array.from(bytes, byte => (byte + 256).toString(16).slice(1)).join("");
const joined = (...parts) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => { all.set(part, at); return at + part.length; }, 0);
  return all;
};
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

// -- MessagePack ---------------------------------------------------------------------------------------------------

const big = (value, size) => {
  const bytes = [];
  for (let left = value, at = 0; at < size; at += 1) { bytes.unshift(left % 256); left = Math.floor(left / 256); }
  return bytes;
};
const headed = (length, fixed, most, kinds) => {
  if (fixed !== null && length <= most) return [fixed | length];
  const at = kinds.findIndex(kind => kind !== null && length < 256 ** (1 << kinds.indexOf(kind)));
  return [kinds[at], ...big(length, 1 << at)];
};
const put = (value, out) => {
  if (value === null) out.push(0xc0);
  else if (typeof value === "boolean") out.push(value ? 0xc3 : 0xc2);
  else if (typeof value === "number") {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 64) throw new RangeError(`not a natural number: ${value}`);
    if (value < 128) out.push(value);
    else {
      const size = value < 256 ? 0 : value < 65536 ? 1 : value < 2 ** 32 ? 2 : 3;
      out.push(0xcc + size, ...big(value, 1 << size));
    }
  } else if (typeof value === "string") {
    const bytes = utf8(value);
    out.push(...headed(bytes.length, 0xa0, 31, [0xd9, 0xda, 0xdb]), ...bytes);
  } else if (value instanceof Uint8Array) {
    out.push(...headed(value.length, null, 0, [0xc4, 0xc5, 0xc6]));
    for (const byte of value) out.push(byte);
  } else if (Array.isArray(value)) {
    out.push(...headed(value.length, 0x90, 15, [null, 0xdc, 0xdd]));
    value.forEach(each => put(each, out));
  } else {
    const fields = Object.keys(value).filter(name => value[name] !== undefined);
    out.push(...headed(fields.length, 0x80, 15, [null, 0xde, 0xdf]));
    fields.forEach(name => { put(name, out); put(value[name], out); });
  }
  return out;
};
const encode = value => Uint8Array.from(put(value, []));

class Reader {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  take(count) {
    if (this.at + count > this.bytes.length) throw malformed();
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  number(size) {
    const taken = this.take(size), value = taken.reduce((sum, byte) => sum * 256 + byte, 0);
    // Millions of dong in nano are beyond 2 ** 53, and not rounded, as they end in zeros.
    if (!same(big(value, size), taken)) throw malformed();
    return value;
  }
  list(count, depth) { return Array.from({length: Math.min(count, this.bytes.length)}, () => this.value(depth + 1)); }
  map(count, depth) {
    const fields = Object.create(null);
    for (let each = 0; each < count; each += 1) {
      const name = this.value(depth + 1);
      if (typeof name !== "string" || name in fields) throw malformed();
      fields[name] = this.value(depth + 1);
    }
    return fields;
  }
  value(depth) {
    if (depth > DEEPEST) throw malformed();
    const kind = this.number(1);
    if (kind < 0x80) return kind;
    if (kind < 0x90) return this.map(kind & 15, depth);
    if (kind < 0xa0) return this.list(kind & 15, depth);
    if (kind < 0xc0) return text(this.take(kind & 31));
    if (kind === 0xc0) return null;
    if (kind === 0xc2 || kind === 0xc3) return kind === 0xc3;
    if (kind >= 0xc4 && kind <= 0xc6) return this.take(this.number(1 << kind - 0xc4)).slice();
    if (kind >= 0xcc && kind <= 0xcf) return this.number(1 << kind - 0xcc);
    if (kind >= 0xd9 && kind <= 0xdb) return text(this.take(this.number(1 << kind - 0xd9)));
    if (kind === 0xdc || kind === 0xdd) return this.list(this.number(kind === 0xdc ? 2 : 4), depth);
    if (kind === 0xde || kind === 0xdf) return this.map(this.number(kind === 0xde ? 2 : 4), depth);
    throw malformed();
  }
}
const decode = bytes => {
  const reader = new Reader(bytes), value = reader.value(0);
  if (reader.at !== bytes.length) throw malformed();
  return value;
};

// What a field must be; a field that is not known is passed over, as on the other side.
const bytes = size => value => value instanceof Uint8Array && (size === undefined || value.length === size);
const natural = value => typeof value === "number", word = value => typeof value === "string";
const yesNo = value => typeof value === "boolean";
const all = is => value => Array.isArray(value) && value.every(is);
const like = shape => value => value !== null && typeof value === "object" && Object.keys(shape).every(
  name => shape[name](value[name]));
const either = (...kinds) => value => kinds.some(is => is(value)), nothing = value => value === null;
const missing = value => value === undefined;
const GRANT = like({
  grant: word, property: natural, holder: word, key: bytes(32), actions: all(word), begins: natural, ends: natural,
  most_amount: natural, longest: natural, issued: natural, gateways: all(like({gateway: word, key: bytes(32)})),
});
const STATUS = like({
  gateway: word, at: natural, online: yesNo, nonce: bytes(32), meters: all(like({
    meter: word, unit: word, seq: natural, at: natural, closed: either(yesNo, nothing), switch: either(word, missing),
  })),
});
const DOWN = {
  challenge: like({gateway: word, nonce: bytes(32), at: natural}),
  status: like({body: bytes(), signature: bytes(64)}),
  answer: like({
    done: yesNo, text: word, count: either(natural, missing), head: either(word, missing),
    signature: either(bytes(), missing),
  }),
};
const read = (data, is) => {
  if (data.length > GREATEST) throw malformed();
  const value = decode(data);
  if (!is(value)) throw malformed();
  return value;
};

// -- what a phone says ---------------------------------------------------------------------------------------------

const signedPart = (context, ...parts) => joined(utf8(`${context}\0`), ...parts);
const askStatus = (nonce, language) => encode({kind: "ask-status", nonce, language: language || undefined});
const typedCode = (meter, digits) => encode({kind: "code", meter, digits});
const showGrant = grant => encode({kind: "grant", body: grant.body, signature: grant.signature});

// What the server has signed, as it comes in base64; it is passed on as it is.
const bringRevocations = given => base64(given);

// A grant with what it says: its holder can't forge it, so its signature is the gateway's business.
const readGrant = given => {
  const {body, signature} = read(base64(given), like({body: bytes(), signature: bytes(64)}));
  return Object.assign({body, signature}, read(body, GRANT));
};

const act = (meter, action, reason) => ({do: "act", meter, action, reason: reason || undefined});
const readHead = meter => ({do: "head", meter});
const setClock = at => ({do: "clock", at});
// An order with those of its details that are not as usual, in the kernel's sequence.
const order = (name, {override, watts, amount, until} = {}) => {
  if (name === "limit") return {do: name, watts: watts || 0, until: until || undefined};
  return {do: name, override: override || undefined, amount: amount || undefined, until: until || undefined};
};

const bound = (challenge, body) => signedPart(
  "prewatt instruction", utf8(challenge.gateway), Uint8Array.of(0), challenge.nonce, body);
const instruct = async (sign, challenge, count, instruction) => {
  const body = encode({count, instruction});
  return encode({kind: "instruction", body, signature: await sign(bound(challenge, body))});
};

// -- what a gateway says -------------------------------------------------------------------------------------------

const readDown = data => {
  if (data.length > GREATEST) throw malformed();
  const message = decode(data);
  const is = message !== null && typeof message === "object" && DOWN[message.kind];
  if (!is || !is(message)) throw malformed();
  return message;
};

// The status, if it answers this nonce; checked by the gateway's key if that is known.
const openStatus = async (verify, key, nonce, signed) => {
  if (key && !await verify(key, signedPart("prewatt answer", signed.body), signed.signature))
    throw new OnSiteError("not-signed");
  const status = read(signed.body, STATUS);
  if (!same(status.nonce, nonce)) throw new OnSiteError("recorded");
  return status;
};

const answerIsSigned = (verify, key, challenge, answer) => {
  const part = encode([answer.done, answer.text, answer.count || 0, answer.head || ""]);
  if (!answer.signature || answer.signature.length !== 64) return false;
  return verify(key, signedPart("prewatt answer", challenge.nonce, part), answer.signature);
};

const identity = given => {
  const [first, ...rest] = text(given).split("\n");
  if (!first.startsWith("prewatt/1 ")) throw new OnSiteError("no-gateway");
  return {gateway: first.slice("prewatt/1 ".length), property: rest.join("\n")};
};

// -- packets -------------------------------------------------------------------------------------------------------

// A packet is a flag, 1 on the last one, and a part of the message.
const packets = (message, size) => {
  const cut = [];
  for (let at = 0; at < message.length || !cut.length; at += size - 1) {
    const part = message.subarray(at, at + size - 1);
    cut.push(joined(Uint8Array.of(at + part.length >= message.length ? LAST : 0), part));
  }
  return cut;
};

class Assembler {
  constructor() { this.parts = []; this.length = 0; }
  // Returns the message with its last packet, null before.
  take(packet) {
    if (!packet.length) throw malformed();
    this.parts.push(packet.slice(1));
    this.length += packet.length - 1;
    if (this.length > GREATEST) { this.parts = []; this.length = 0; throw malformed(); }
    if (!(packet[0] & LAST)) return null;
    const message = joined(...this.parts);
    this.parts = [];
    this.length = 0;
    return message;
  }
}

const api = {
  SERVICE, IDENTIFY, REQUEST, REPLY, OnSiteError, Assembler, packets, encode, decode, utf8, text, base64, hex,
  askStatus, typedCode, showGrant, bringRevocations, readGrant, act, readHead, setClock, order, instruct,
  readDown, openStatus, answerIsSigned, identity,
};
if (typeof module === "object" && module.exports) module.exports = api;
else root.PrewattOnSite = Object.assign(root.PrewattOnSite || {}, api);
})(typeof globalThis === "undefined" ? {} : globalThis);
