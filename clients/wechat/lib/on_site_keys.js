// @ts-nocheck (plain JavaScript; what comes from outside is checked when it runs)
// The key of this phone and its grants in the mini program's storage, for visits at gateways (visit.js).
//
// Mini programs have no Web Crypto: signatures are tweetnacl's, which is passed in (`nacl`), seeded by WeChat's random numbers.
// `call(path, body)` is a POST to the API by the person's key, a promise of its answer.
const P = require("./protocol.js");

const KEY = "on-site-key", GRANTS = "on-site-grants";
const bytes = text => Uint8Array.from(text.match(/../g) || [], each => parseInt(each, 16));

const random = wx => new Promise((resolve, reject) => wx.getRandomValues({
  length: 32, success: ({randomValues}) => resolve(new Uint8Array(randomValues)), fail: reject,
}));

const phoneOf = ({nacl, wx, call}) => {
  const pair = () => {
    const seed = wx.getStorageSync(KEY);
    return seed ? nacl.sign.keyPair.fromSeed(bytes(seed)) : null;
  };
  const forget = () => [KEY, GRANTS].forEach(name => wx.removeStorageSync(name));
  const renew = async () => {
    if (!pair()) wx.setStorageSync(KEY, P.hex(await random(wx)));
    const said = await call("me/grants", {public_key: P.hex(pair().publicKey)});
    const before = wx.getStorageSync(GRANTS);
    if (before && before.login !== said.login) {
      // Somebody else has logged in on this phone: the key of before was not theirs.
      forget();
      return renew();
    }
    wx.setStorageSync(GRANTS, said);
    return said;
  };
  return {
    renew,
    forget,
    // The grants as they were renewed last, each with what it says; none if this phone was never prepared.
    grants: () => ((wx.getStorageSync(GRANTS) || {}).grants || []).map(each => {
      const grant = P.readGrant(each.grant);
      return Object.assign({}, each, grant, {grant: each.grant});
    }),
    random: () => random(wx),
    sign: given => nacl.sign.detached(given, pair().secretKey),
    verify: (key, given, signature) => nacl.sign.detached.verify(given, signature, key),
  };
};

module.exports = {phoneOf};
