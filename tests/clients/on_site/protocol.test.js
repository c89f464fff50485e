const assert = require("node:assert/strict");
const {test} = require("node:test");
const {P, vectors, bytes, hex, phone} = require("./known.js");

const challenge = {gateway: vectors.gateway, nonce: bytes(vectors.nonce), at: 1};
const KIM = phone(vectors.seeds.phone), GATEWAY = bytes(vectors.keys.gateway);

test("every message of a phone has the bytes that Python gives it", async () => {
  assert.equal(hex(P.askStatus(bytes(vectors.nonce), "")), vectors.up.ask);
  assert.equal(hex(P.askStatus(bytes(vectors.nonce), "zh-hans")), vectors.up.ask_in_chinese);
  assert.equal(hex(P.typedCode("m1", "1".repeat(20))), vectors.up.code);
  assert.equal(hex(P.showGrant(P.readGrant(vectors.grant))), vectors.up.grant);
  assert.equal(hex(P.bringRevocations(vectors.revocations)), vectors.up.revocations);
});

test("every instruction has the bytes and the signature that Python gives it", async () => {
  assert.ok(vectors.instructions.length > 12);
  for (const {instruction, count, made} of vectors.instructions) {
    const own = instruction.do === "head" ? P.readHead(instruction.meter)
      : instruction.do === "clock" ? P.setClock(instruction.at)
        : P.act(instruction.meter, P.order(instruction.action, instruction), instruction.reason);
    assert.equal(hex(await P.instruct(KIM.sign, challenge, count, own)), made, JSON.stringify(instruction));
  }
});

test("a grant says what Python has written", () => {
  const grant = P.readGrant(vectors.grant), {says} = vectors;
  for (const name of Object.keys(says)) assert.deepEqual(grant[name], says[name], name);
  assert.deepEqual(grant.gateways.map(each => [each.gateway, hex(each.key)]), [["g1", vectors.keys.gateway]]);
});

test("what the gateway has signed is believed, and nothing else", async () => {
  for (const {made, says} of vectors.answers) {
    const answer = P.readDown(bytes(made));
    for (const name of Object.keys(says)) assert.deepEqual(answer[name] ?? {count: 0, head: ""}[name], says[name]);
    assert.equal(await P.answerIsSigned(KIM.verify, GATEWAY, challenge, answer), true);
    const changes = [{done: !answer.done}, {text: `${answer.text}.`}, {count: 99}, {head: "ff"}];
    for (const change of changes)
      assert.equal(await P.answerIsSigned(KIM.verify, GATEWAY, challenge, {...answer, ...change}), false);
    const another = {...challenge, nonce: new Uint8Array(32)};
    assert.equal(await P.answerIsSigned(KIM.verify, GATEWAY, another, answer), false);
    assert.equal(await P.answerIsSigned(KIM.verify, bytes(vectors.keys.phone), challenge, answer), false);
  }
});

test("a status is read, by its own nonce and key alone", async () => {
  const signed = P.readDown(bytes(vectors.status.made)), nonce = bytes(vectors.nonce);
  const status = await P.openStatus(KIM.verify, GATEWAY, nonce, signed);
  const meters = status.meters.map(each => ({...each}));
  assert.deepEqual({gateway: status.gateway, at: status.at, online: status.online, meters}, vectors.status.says);
  assert.equal((await P.openStatus(KIM.verify, null, nonce, signed)).gateway, "g1");
  await assert.rejects(P.openStatus(KIM.verify, bytes(vectors.keys.phone), nonce, signed), {code: "not-signed"});
  await assert.rejects(P.openStatus(KIM.verify, GATEWAY, new Uint8Array(32), signed), {code: "recorded"});
});

test("packets are cut as Python cuts them, and joined again", () => {
  for (const {message, size, packets} of vectors.packets) {
    const cut = P.packets(bytes(message), size);
    assert.deepEqual(cut.map(hex), packets);
    const assembler = new P.Assembler(), whole = cut.map(packet => assembler.take(packet));
    assert.deepEqual(whole.slice(0, -1).filter(Boolean), []);
    assert.equal(hex(whole.at(-1)), message);
  }
});

test("a message that is too long is refused, and the next one is read", () => {
  const assembler = new P.Assembler(), part = new Uint8Array(501);
  assert.throws(() => { for (;;) assembler.take(part); }, {code: "malformed"});
  assert.equal(hex(assembler.take(Uint8Array.of(1, 5))), "05");
  assert.throws(() => assembler.take(new Uint8Array(0)), {code: "malformed"});
});

test("numbers, texts and bytes of every length come back as they were", () => {
  const numbers = [0, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, 1e16, 2 ** 63];
  const texts = ["", "a".repeat(31), "b".repeat(32), "c".repeat(256), "电表 Zähler ⚡🔌", "d".repeat(70000)];
  const raw = [0, 255, 256, 70000].map(length => new Uint8Array(length).fill(3));
  const lists = [[], Array(15).fill(1), Array(16).fill(null), Array(70000).fill(true)];
  for (const value of [...numbers, ...texts, ...raw, ...lists]) assert.deepEqual(P.decode(P.encode(value)), value);
  for (const wrong of [-1, 0.5, 2 ** 64, NaN]) assert.throws(() => P.encode(wrong), RangeError);
});

test("nonsense is refused", () => {
  const wrong = [
    "", "81", "c1", "cb3ff0000000000000", "d0ff", "e0", "d40100", "0505", "820101a16101", "82a16101a16102", "a1ff", "a2c3",
    "cf0020000000000001", "cfffffffffffffffff", "dbffffffff", "ddffffffff", "dfffffffff", "91".repeat(20) + "05",
  ];
  for (const each of wrong) assert.throws(() => P.decode(bytes(each)), {code: "malformed"}, each);
  const messages = [{kind: "answer", done: 1, text: "x"}, {kind: "dance"}, {done: true}, [], null, 5,
    {kind: "challenge", gateway: "g1", nonce: new Uint8Array(31), at: 1}];
  for (const each of messages) assert.throws(() => P.readDown(P.encode(each)), {code: "malformed"});
  assert.throws(() => P.readGrant("!"), {code: "malformed"});
  assert.throws(() => P.identity(P.utf8("a lamp")), {code: "no-gateway"});
  assert.deepEqual(P.identity(P.utf8("prewatt/1 g1\nLinden 5")), {gateway: "g1", property: "Linden 5"});
});

test("what flips on the way is never read as something else that is signed", async () => {
  const made = bytes(vectors.answers[0].made);
  for (let bit = 0; bit < made.length * 8; bit += 3) {
    const flipped = made.slice();
    flipped[bit >> 3] ^= 1 << (bit & 7);
    let answer = null;
    try { answer = P.readDown(flipped); } catch (error) { assert.equal(error.code, "malformed"); }
    if (answer && answer.kind === "answer")
      assert.equal(await P.answerIsSigned(KIM.verify, GATEWAY, challenge, answer), false, `bit ${bit}`);
  }
});
