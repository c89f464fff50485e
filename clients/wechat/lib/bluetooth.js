// @ts-nocheck (plain JavaScript; what comes from outside is checked when it runs)
// The transport of a visit (visit.js) over WeChat's Bluetooth calls: it has the same shape as the browser's.
//
//   const gateways = await search(wx, found => ...);     // found: {id, name, signal}, the same one once; gateways.stop()
//   const visit = new Visit(await connect(wx, id), phone, language);
//
// On iPhones `id` is of this phone alone, and a connection settles its packet size by itself; on Android it is asked for.
const P = require("./protocol.js");

const PATIENCE_MS = 20000, MTU = 247, LEAST = 20, HEADER = 3;

/** A call of wx as a promise; what fails becomes an OnSiteError with what WeChat says. */
const call = (wx, name, given) => new Promise((resolve, reject) => {
  wx[name](Object.assign({}, given, {
    success: resolve,
    fail: error => reject(new P.OnSiteError(code(error), error && error.errMsg)),
  }));
});
// 10001: Bluetooth is off, or may not be used; 10002, 10012: no such device, or it does not answer; 10006: the connection is gone.
const code = error => ({10001: "bluetooth-off", 10002: "not-found", 10012: "not-found", 10003: "torn", 10006: "torn"}[
  error && error.errCode] || "bluetooth");

const same = (one, other) => one.toLowerCase() === other.toLowerCase();

/** Look for gateways. `found` hears of each once; what is returned has `stop()`, which ends it. */
const search = async (wx, found) => {
  await call(wx, "openBluetoothAdapter", {});
  const seen = new Set();
  const hear = ({devices}) => {
    for (const each of devices) {
      if (seen.has(each.deviceId)) continue;
      seen.add(each.deviceId);
      found({id: each.deviceId, name: each.localName || each.name || "", signal: each.RSSI});
    }
  };
  wx.onBluetoothDeviceFound(hear);
  const stop = async () => {
    wx.offBluetoothDeviceFound(hear);
    await call(wx, "stopBluetoothDevicesDiscovery", {}).catch(() => {});
  };
  try {
    await call(wx, "startBluetoothDevicesDiscovery", {services: [P.SERVICE.toUpperCase()], allowDuplicatesKey: false});
  } catch (error) {
    await stop();
    throw error;
  }
  return {stop};
};

/** Connect to a gateway. Returns the transport. */
const connect = async (wx, id) => {
  const of = {deviceId: id};
  let heard = null, gone = null, open = true, reading = null;
  const onState = state => {
    if (state.deviceId !== id || state.connected || !open) return;
    end();
    if (gone) gone();
  };
  const onValue = ({deviceId, characteristicId, value}) => {
    if (deviceId !== id) return;
    const packet = new Uint8Array(value);
    if (reading && same(characteristicId, P.IDENTIFY)) reading(packet);
    else if (heard && same(characteristicId, P.REPLY)) heard(packet);
  };
  const end = () => {
    open = false;
    wx.offBLEConnectionStateChange(onState);
    wx.offBLECharacteristicValueChange(onValue);
  };
  const close = async () => {
    if (!open) return;
    end();
    await call(wx, "closeBLEConnection", of).catch(() => {});
    if (gone) gone();
  };
  wx.onBLEConnectionStateChange(onState);
  wx.onBLECharacteristicValueChange(onValue);
  try {
    await call(wx, "createBLEConnection", Object.assign({timeout: PATIENCE_MS}, of));
    const {services} = await call(wx, "getBLEDeviceServices", of);
    const service = services.find(each => same(each.uuid, P.SERVICE));
    if (!service) throw new P.OnSiteError("no-gateway");
    const within = Object.assign({serviceId: service.uuid}, of);
    const {characteristics} = await call(wx, "getBLEDeviceCharacteristics", within);
    const place = uuid => {
      const own = characteristics.find(each => same(each.uuid, uuid));
      if (!own) throw new P.OnSiteError("no-gateway");
      return Object.assign({characteristicId: own.uuid}, within);
    };
    const request = place(P.REQUEST);
    // What is read comes as a change of the value, as what is notified does.
    const identity = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new P.OnSiteError("silent")), PATIENCE_MS);
      reading = packet => { clearTimeout(timer); resolve(packet); };
      call(wx, "readBLECharacteristicValue", place(P.IDENTIFY)).catch(error => { clearTimeout(timer); reject(error); });
    });
    reading = null;
    await call(wx, "notifyBLECharacteristicValueChange", Object.assign({state: true}, place(P.REPLY)));
    // Older phones and iPhones know no such call: packets begin small, and grow as the gateway's own are.
    const agreed = wx.setBLEMTU ? await call(wx, "setBLEMTU", Object.assign({mtu: MTU}, of)).catch(() => null) : null;
    return {
      identity,
      size: Math.max(agreed && agreed.mtu ? agreed.mtu - HEADER : LEAST, LEAST),
      write: packet => call(wx, "writeBLECharacteristicValue", Object.assign(
        {value: packet.buffer.slice(packet.byteOffset, packet.byteOffset + packet.byteLength), writeType: "write"}, request)),
      listen: (hear, tell) => {
        heard = hear;
        gone = tell;
        if (!open) tell();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

module.exports = {search, connect};
