// @ts-nocheck (plain JavaScript; what comes from outside is checked when it runs)
// A visit: a conversation with one gateway over a transport, in which every answer that can be checked is checked.
//
// A transport is the same in a browser, in the mini program and in tests:
//   identity         the bytes of the service's first attribute
//   size             the most bytes of a packet to begin with: 20, unless more is known
//   write(packet)    a promise that the gateway has the packet
//   listen(packet => ..., () => ...)   hears the gateway's packets, and that the connection is gone
//   close()
(root => {
"use strict";

const P = typeof module === "object" && module.exports ? require("./protocol.js") : root.PrewattOnSite;
const PATIENCE_MS = 20000, LARGEST = 512;

class Visit {
  // `phone`: {sign, verify, random}, see protocol.js; random() gives 32 bytes that nobody can guess, or a promise of them.
  constructor(transport, phone, language, patience) {
    Object.assign(this, P.identity(transport.identity));
    this.transport = transport;
    this.phone = phone;
    this.language = language;
    this.patience = patience || PATIENCE_MS;
    this.assembler = new P.Assembler();
    this.size = transport.size || 20;
    this.grant = this.challenge = this.key = this.waiting = null;
    this.count = 0;
    this.gone = false;
    this.turn = Promise.resolve();
    transport.listen(packet => this.take(packet), () => this.end());
  }

  take(packet) {
    // The gateway's packets are as large as the connection allows, so ours may be as large.
    this.size = Math.min(Math.max(this.size, packet.length), LARGEST);
    let message;
    try { message = this.assembler.take(packet); } catch (error) { this.settle("reject", error); return; }
    if (message) this.settle("resolve", message);
  }

  settle(how, what) {
    const waiting = this.waiting;
    this.waiting = null;
    if (waiting) waiting[how](what);
  }

  end() {
    this.gone = true;
    this.settle("reject", new P.OnSiteError("torn"));
  }

  // One message after the other: an answer names no question. What takes a while to make is made in its turn, by a function.
  ask(message) {
    const answer = this.turn.then(async () => this.exchange(typeof message === "function" ? await message() : message));
    this.turn = answer.catch(() => {});
    return answer;
  }

  async exchange(message) {
    if (this.gone) throw new P.OnSiteError("torn");
    let timer;
    const reply = new Promise((resolve, reject) => {
      this.waiting = {resolve, reject};
      // An answer that comes later would be taken for that to the next question: the connection ends here.
      timer = setTimeout(() => { this.settle("reject", new P.OnSiteError("silent")); this.close(); }, this.patience);
    });
    // Torn while it is written, it is rejected before somebody waits for it.
    reply.catch(() => {});
    try {
      for (const packet of P.packets(message, this.size)) await this.transport.write(packet);
      return P.readDown(await reply);
    } catch (error) {
      if (error instanceof P.OnSiteError) throw error;
      throw new P.OnSiteError("torn");
    } finally {
      clearTimeout(timer);
      this.waiting = null;
    }
  }

  // The gateway's status; `isChecked` says whether its signature was looked at, which needs its key from a grant.
  async status(key) {
    const nonce = await this.phone.random(), known = key || this.key;
    const message = await this.ask(P.askStatus(nonce, this.language));
    if (message.kind !== "status") throw new P.OnSiteError("malformed");
    const status = await P.openStatus(this.phone.verify, known, nonce, message);
    if (status.gateway !== this.gateway) throw new P.OnSiteError("other-gateway");
    return Object.assign(status, {isChecked: Boolean(known)});
  }

  async typeCode(meter, digits) {
    const message = await this.ask(P.typedCode(meter, digits));
    if (message.kind !== "answer") throw new P.OnSiteError("malformed");
    return message;
  }

  // Bring the newest list of revoked grants. A gateway whose software knows no lists refuses it, and that is all.
  async bring(revocations) {
    if (revocations) await this.ask(P.bringRevocations(revocations));
  }

  // Show a grant (of protocol.readGrant), which opens a session.
  async open(grant) {
    this.challenge = this.grant = null;
    const known = grant.gateways.find(each => each.gateway === this.gateway);
    if (!known) throw new P.OnSiteError("not-covered");
    const message = await this.ask(P.showGrant(grant));
    if (message.kind === "answer") throw new P.OnSiteError("refused", message.text);
    if (message.kind !== "challenge" || message.gateway !== this.gateway) throw new P.OnSiteError("other-gateway");
    this.challenge = message;
    this.grant = grant;
    this.key = known.key;
    this.count = 0;
  }

  // Have an instruction done. An answer that the gateway has not signed is worth nothing, unless it refuses.
  async instruct(instruction) {
    if (!this.challenge) throw new P.OnSiteError("no-grant");
    this.count += 1;
    const count = this.count;
    let answer;
    try {
      answer = await this.ask(() => P.instruct(this.phone.sign, this.challenge, count, instruction));
    } catch (error) {
      // Nobody knows whether it was done.
      throw error.code === "torn" || error.code === "silent" ? new P.OnSiteError(`${error.code}-asked`) : error;
    }
    if (answer.kind !== "answer") throw new P.OnSiteError("malformed");
    if (answer.done || (answer.signature && answer.signature.length)) {
      const signed = await P.answerIsSigned(this.phone.verify, this.key, this.challenge, answer);
      if (!signed || answer.count !== count) throw new P.OnSiteError("not-signed");
    }
    return answer;
  }

  close() {
    this.gone = true;
    return this.transport.close();
  }
}

if (typeof module === "object" && module.exports) module.exports = {Visit};
else root.PrewattOnSite.Visit = Visit;
})(typeof globalThis === "undefined" ? {} : globalThis);
