// What the tests of the phone's side know: the files under test, keys from seeds, and the bytes that Python has made.
const {readFileSync} = require("node:fs");
const path = require("node:path");
const {subtle} = require("node:crypto").webcrypto;

const FOLDER = path.join(__dirname, "../../../src/prewatt/server/web/static/web/on_site");
const bytes = text => Uint8Array.from(Buffer.from(text, "hex"));
const hex = given => Buffer.from(given).toString("hex");
const PREFIX = bytes("302e020100300506032b657004220420");

const phone = seed => ({
  sign: async data => {
    const key = await subtle.importKey("pkcs8", Buffer.concat([PREFIX, bytes(seed)]), "Ed25519", false, ["sign"]);
    return new Uint8Array(await subtle.sign("Ed25519", key, data));
  },
  verify: async (key, data, signature) => {
    const known = await subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return subtle.verify("Ed25519", known, signature, data);
  },
  random: () => new Uint8Array(32).fill(7),
});

module.exports = {
  P: require(path.join(FOLDER, "protocol.js")),
  Visit: require(path.join(FOLDER, "visit.js")).Visit,
  vectors: JSON.parse(readFileSync(process.env.VECTORS, "utf8")),
  bytes, hex, phone,
};
