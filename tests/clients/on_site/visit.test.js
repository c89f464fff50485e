const assert = require("node:assert/strict");
const {test} = require("node:test");
const {P, Visit, vectors, bytes, hex, phone} = require("./known.js");

const KIM = phone(vectors.seeds.phone), GATEWAY = phone(vectors.seeds.gateway);

// A gateway at the other end of a transport; `says(message)` gives the bytes of its answer.
class Air {
  constructor(says, given = {}) {
    Object.assign(this, {says, identity: P.utf8("prewatt/1 g1\nLinden 5"), reply: 20, sent: [], closed: 0}, given);
    this.assembler = new P.Assembler();
  }
  listen(hear, gone) { this.hear = hear; this.gone = gone; }
  async write(packet) {
    this.sent.push(packet.length);
    const message = this.assembler.take(packet);
    if (!message) return;
    const answer = await this.says(P.decode(message));
    if (answer) P.packets(answer, this.reply).forEach(each => this.hear(each));
  }
  close() { this.closed += 1; this.gone(); }
}

const challenge = {kind: "challenge", gateway: "g1", nonce: bytes(vectors.nonce), at: 1};
const signed = async (count, given = {}) => {
  const answer = {done: true, text: "Done.", head: "", count, ...given};
  const part = P.encode([answer.done, answer.text, answer.count, answer.head]);
  const data = Buffer.concat([P.utf8("prewatt answer\0"), challenge.nonce, part]);
  return P.encode({kind: "answer", ...answer, signature: await GATEWAY.sign(data)});
};
const LONG_MS = 60000;
const opened = async (says, given, patience = LONG_MS) => {
  const air = new Air(message => (message.kind === "grant" ? P.encode(challenge) : says(message)), given);
  const visit = new Visit(air, KIM, "en", patience);
  await visit.open(P.readGrant(vectors.grant));
  return {air, visit};
};
const close = P.act("m1", P.order("close"));

test("instructions are counted, and their answers checked", async () => {
  let count = 0;
  const {visit} = await opened(() => signed(count += 1));
  assert.equal((await visit.instruct(close)).text, "Done.");
  assert.equal((await visit.instruct(close)).count, 2);
});

test("two who ask at once are answered one after the other", async () => {
  let count = 0;
  const {visit} = await opened(() => signed(count += 1));
  const answers = await Promise.all([visit.instruct(close), visit.instruct(close), visit.instruct(close)]);
  assert.deepEqual(answers.map(each => each.count), [1, 2, 3]);
});

test("an answer that is unsigned, of another count or key is not believed, but a refusal may be unsigned", async () => {
  const unsigned = {kind: "answer", done: true, text: "Done."};
  for (const answer of [unsigned, {...unsigned, signature: new Uint8Array(64)}]) {
    const {visit} = await opened(() => P.encode(answer));
    await assert.rejects(visit.instruct(close), {code: "not-signed"});
  }
  const {visit} = await opened(() => signed(7));
  await assert.rejects(visit.instruct(close), {code: "not-signed"});
  const refusing = await opened(() => P.encode({kind: "answer", done: false, text: "Revoked."}));
  assert.equal((await refusing.visit.instruct(close)).text, "Revoked.");
});

test("a grant that the gateway refuses opens nothing, and says why", async () => {
  const air = new Air(() => P.encode({kind: "answer", done: false, text: "It has expired."}));
  const visit = new Visit(air, KIM, "en", LONG_MS);
  await assert.rejects(visit.open(P.readGrant(vectors.grant)), {code: "refused", text: "It has expired."});
  await assert.rejects(visit.instruct(close), {code: "no-grant"});
});

test("a grant is shown to no gateway that it does not name", async () => {
  const air = new Air(() => P.encode(challenge), {identity: P.utf8("prewatt/1 g9\nElsewhere")});
  await assert.rejects(new Visit(air, KIM, "en", LONG_MS).open(P.readGrant(vectors.grant)), {code: "not-covered"});
  assert.deepEqual(air.sent, []);
});

test("a connection that breaks in the middle says whether something may have been done", async () => {
  const {air, visit} = await opened(() => { air.gone(); return null; });
  await assert.rejects(visit.instruct(close), {code: "torn-asked"});
  await assert.rejects(visit.status(), {code: "torn"});
  const writing = await opened(() => null);
  writing.air.write = async () => { throw new Error("GATT operation failed"); };
  await assert.rejects(writing.visit.instruct(close), {code: "torn-asked"});
});

test("a gateway that is silent is left, so that a late answer is not taken for another question's", async () => {
  const {air, visit} = await opened(() => null);
  visit.patience = 1;
  await assert.rejects(visit.instruct(close), {code: "silent-asked"});
  assert.equal(air.closed, 1);
  await assert.rejects(visit.status(), {code: "torn"});
});

test("packets grow as large as the gateway's own are", async () => {
  const {air, visit} = await opened(() => signed(1, {text: "x".repeat(400)}), {reply: 244});
  assert.equal(Math.max(...air.sent), 20);
  air.sent.length = 0;
  await assert.doesNotReject(visit.instruct(close));
  air.sent.length = 0;
  await visit.typeCode("m1", "1".repeat(300));
  assert.equal(Math.max(...air.sent), 244);
});

test("a status comes with whether it could be checked, and another gateway's is not believed", async () => {
  const made = bytes(vectors.status.made);
  const visit = new Visit(new Air(() => made), {...KIM, random: () => bytes(vectors.nonce)}, "en", LONG_MS);
  assert.equal((await visit.status()).isChecked, false);
  assert.equal((await visit.status(bytes(vectors.keys.gateway))).isChecked, true);
  const other = new Air(() => made, {identity: P.utf8("prewatt/1 g2\nLinden 5")});
  const wrong = new Visit(other, {...KIM, random: () => bytes(vectors.nonce)}, "en", LONG_MS);
  await assert.rejects(wrong.status(), {code: "other-gateway"});
});

test("a gateway whose software knows no lists of revoked grants is visited all the same", async () => {
  const {visit} = await opened(() => P.encode({kind: "answer", done: false, text: "Not a message of a phone."}));
  await visit.bring(vectors.revocations);
  await visit.bring(null);
  assert.equal(hex(visit.challenge.nonce), vectors.nonce);
});
