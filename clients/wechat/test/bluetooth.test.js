// WeChat's Bluetooth calls, played: what the transport asks for, and what it makes of answers and failures.
const assert = require("node:assert/strict");
const {createPrivateKey, createPublicKey, sign, verify, webcrypto} = require("node:crypto");
const {test} = require("node:test");
const P = require("../lib/protocol.js");
const {Visit} = require("../lib/visit.js");
const {connect, search} = require("../lib/bluetooth.js");
const {phoneOf} = require("../lib/on_site_keys.js");

const buffer = given => given.buffer.slice(given.byteOffset, given.byteOffset + given.byteLength);

// A phone's wx with a gateway in reach. `fails`: errCode by the name of a call.
class Wx {
  constructor(given = {}) {
    Object.assign(this, {fails: {}, mtu: 185, written: [], asked: [], heard: {}, kept: {}, answer: () => null}, given);
    this.assembler = new P.Assembler();
    for (const name of ["BluetoothDeviceFound", "BLEConnectionStateChange", "BLECharacteristicValueChange"]) {
      this.heard[name] = new Set();
      this[`on${name}`] = hear => this.heard[name].add(hear);
      this[`off${name}`] = hear => this.heard[name].delete(hear);
    }
    const calls = {
      openBluetoothAdapter: {}, startBluetoothDevicesDiscovery: {}, stopBluetoothDevicesDiscovery: {}, createBLEConnection: {},
      closeBLEConnection: {}, notifyBLECharacteristicValueChange: {}, setBLEMTU: {mtu: this.mtu},
      getBLEDeviceServices: {services: [{uuid: "0000180A-0000-1000-8000-00805F9B34FB"}, {uuid: P.SERVICE.toUpperCase()}]},
      getBLEDeviceCharacteristics: {characteristics: [P.IDENTIFY, P.REQUEST, P.REPLY].map(each => ({uuid: each.toUpperCase()}))},
    };
    for (const name of Object.keys(calls)) this[name] = given => this.do(name, given, () => calls[name]);
    if (this.mtu === null) this.setBLEMTU = undefined;
  }
  do(name, {success, fail, ...given}, result) {
    this.asked.push([name, given]);
    const errCode = this.fails[name];
    setTimeout(() => (errCode ? fail({errCode, errMsg: `${name}:fail`}) : success(result())));
  }
  tell(name, given) { this.heard[name].forEach(hear => hear(given)); }
  value(uuid, given) {
    this.tell("BLECharacteristicValueChange", {deviceId: "gw", characteristicId: uuid.toUpperCase(), value: buffer(given)});
  }
  readBLECharacteristicValue(given) {
    this.do("readBLECharacteristicValue", given, () => this.value(P.IDENTIFY, P.utf8("prewatt/1 g1\nLinden 5")));
  }
  writeBLECharacteristicValue(given) {
    this.do("writeBLECharacteristicValue", given, () => {
      const packet = new Uint8Array(given.value);
      this.written.push(packet.length);
      const message = this.assembler.take(packet), answer = message && this.answer(P.decode(message));
      if (answer) P.packets(answer, 182).forEach(each => this.value(P.REPLY, each));
    });
  }
  getRandomValues({success}) { success({randomValues: buffer(webcrypto.getRandomValues(new Uint8Array(32)))}); }
  getStorageSync(name) { return this.kept[name] ?? ""; }
  setStorageSync(name, value) { this.kept[name] = value; }
  removeStorageSync(name) { delete this.kept[name]; }
}

const refusing = () => P.encode({kind: "answer", done: false, text: "这个充值码已经用过了。"});

test("gateways in reach are told of once each, by their service", async () => {
  const wx = new Wx(), found = [];
  const searching = await search(wx, each => found.push(each));
  const one = {deviceId: "gw", localName: "prewatt g1", RSSI: -60};
  wx.tell("BluetoothDeviceFound", {devices: [one]});
  wx.tell("BluetoothDeviceFound", {devices: [one, {deviceId: "other", name: "prewatt g2", RSSI: -80}]});
  await searching.stop();
  wx.tell("BluetoothDeviceFound", {devices: [{deviceId: "late"}]});
  assert.deepEqual(found.map(each => [each.id, each.name]), [["gw", "prewatt g1"], ["other", "prewatt g2"]]);
  const [, asked] = wx.asked.find(([name]) => name === "startBluetoothDevicesDiscovery");
  assert.deepEqual(asked.services, [P.SERVICE.toUpperCase()]);
});

test("a code is typed over WeChat's calls, in packets as large as the phone has agreed on", async () => {
  const wx = new Wx({answer: refusing});
  const visit = new Visit(await connect(wx, "gw"), {}, "zh-hans", 60000);
  assert.deepEqual([visit.gateway, visit.property], ["g1", "Linden 5"]);
  assert.equal((await visit.typeCode("m1", "1".repeat(300))).text, "这个充值码已经用过了。");
  assert.equal(Math.max(...wx.written), 182);
  const [, notified] = wx.asked.find(([name]) => name === "notifyBLECharacteristicValueChange");
  assert.deepEqual([notified.characteristicId, notified.state], [P.REPLY.toUpperCase(), true]);
  const [, wrote] = wx.asked.find(([name]) => name === "writeBLECharacteristicValue");
  assert.deepEqual([wrote.deviceId, wrote.serviceId, wrote.writeType], ["gw", P.SERVICE.toUpperCase(), "write"]);
  await visit.close();
  assert.equal(wx.heard.BLECharacteristicValueChange.size + wx.heard.BLEConnectionStateChange.size, 0);
});

for (const given of [{mtu: null}, {fails: {setBLEMTU: 10008}}])
  test(`an iPhone or an older one begins with packets of 20 bytes ${JSON.stringify(given)}`, async () => {
    const wx = new Wx({...given, answer: refusing});
    const visit = new Visit(await connect(wx, "gw"), {}, "en", 60000);
    await visit.typeCode("m1", "1".repeat(20));
    assert.equal(Math.max(...wx.written), 20);
    wx.written.length = 0;
    await visit.typeCode("m1", "1".repeat(300));
    assert.ok(Math.max(...wx.written) > 20, "and goes on as large as the gateway's own");
  });

for (const [name, errCode, code] of [
  ["openBluetoothAdapter", 10001, "bluetooth-off"], ["startBluetoothDevicesDiscovery", 10008, "bluetooth"],
])
  test(`a search says why it can't be: ${name}`, async () => {
    const wx = new Wx({fails: {[name]: errCode}});
    await assert.rejects(search(wx, () => {}), {code});
    assert.equal(wx.heard.BluetoothDeviceFound.size, 0);
  });

for (const [name, errCode, code] of [
  ["createBLEConnection", 10012, "not-found"], ["getBLEDeviceServices", 10006, "torn"],
  ["readBLECharacteristicValue", 10008, "bluetooth"], ["notifyBLECharacteristicValueChange", 10006, "torn"],
])
  test(`a connection that does not come about is ended and says why: ${name}`, async () => {
    const wx = new Wx({fails: {[name]: errCode}});
    await assert.rejects(connect(wx, "gw"), {code});
    assert.equal(wx.asked.at(-1)[0], "closeBLEConnection");
    assert.equal(wx.heard.BLECharacteristicValueChange.size, 0);
  });

test("another device is no gateway", async () => {
  const wx = new Wx();
  wx.getBLEDeviceServices = given => wx.do("getBLEDeviceServices", given, () => ({services: []}));
  await assert.rejects(connect(wx, "gw"), {code: "no-gateway"});
});

test("a connection that breaks in the middle is told of", async () => {
  const wx = new Wx();
  wx.answer = () => { wx.tell("BLEConnectionStateChange", {deviceId: "gw", connected: false}); return null; };
  const visit = new Visit(await connect(wx, "gw"), {}, "en", 60000);
  wx.tell("BLEConnectionStateChange", {deviceId: "another", connected: false});
  assert.equal(visit.gone, false);
  await assert.rejects(visit.typeCode("m1", "1".repeat(20)), {code: "torn"});
  assert.equal(visit.gone, true);
});

// What tweetnacl does, by node's own Ed25519.
const PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC = Buffer.from("302a300506032b6570032100", "hex");
const nacl = {sign: {
  keyPair: {fromSeed: seed => {
    const key = createPrivateKey({key: Buffer.concat([PREFIX, seed]), format: "der", type: "pkcs8"});
    const raw = createPublicKey(key).export({format: "der", type: "spki"}).subarray(-32);
    return {publicKey: new Uint8Array(raw), secretKey: key};
  }},
  detached: Object.assign((given, key) => new Uint8Array(sign(null, given, key)), {
    verify: (given, signature, key) => verify(
      null, given, createPublicKey({key: Buffer.concat([PUBLIC, key]), format: "der", type: "spki"}), signature),
  }),
}};

test("the phone's key is made once, signs, and goes when somebody else logs in", async () => {
  const wx = new Wx(), asked = [];
  let login = "Kim";
  const phone = phoneOf({nacl, wx, call: async (path, body) => { asked.push([path, body.public_key]); return {login, grants: []}; }});
  await phone.renew();
  await phone.renew();
  assert.equal(asked[0][0], "me/grants");
  assert.equal(asked[0][1], asked[1][1]);
  const given = P.utf8("prewatt instruction"), signature = phone.sign(given);
  const key = Uint8Array.from(Buffer.from(asked[0][1], "hex"));
  assert.equal(phone.verify(key, given, signature), true);
  assert.equal(phone.verify(key, P.utf8("another"), signature), false);
  login = "Sam";
  await phone.renew();
  assert.notEqual(asked.at(-1)[1], asked[0][1]);
  phone.forget();
  assert.deepEqual([phone.grants(), wx.kept], [[], {}]);
  assert.equal((await phone.random()).length, 32);
});
