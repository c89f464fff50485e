// The transport of a visit (visit.js) over Web Bluetooth: Chromium on Android, ChromeOS, macOS, Windows and Linux, over https.
(root => {
"use strict";

const P = root.PrewattOnSite;

// Ask the person which gateway, and connect to it.
const connect = async () => {
  const device = await navigator.bluetooth.requestDevice({filters: [{services: [P.SERVICE]}]});
  const gone = [];
  let open = true;
  device.addEventListener("gattserverdisconnected", () => { open = false; gone.forEach(tell => tell()); });
  const server = await device.gatt.connect();
  try {
    const service = await server.getPrimaryService(P.SERVICE);
    const [identify, request, reply] = await Promise.all(
      [P.IDENTIFY, P.REQUEST, P.REPLY].map(each => service.getCharacteristic(each)));
    const value = await identify.readValue();
    await reply.startNotifications();
    return {
      identity: new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
      write: packet => request.writeValueWithResponse(packet),
      listen: (hear, tell) => {
        reply.addEventListener("characteristicvaluechanged", event => {
          const given = event.target.value;
          hear(new Uint8Array(given.buffer.slice(given.byteOffset, given.byteOffset + given.byteLength)));
        });
        gone.push(tell);
        if (!open) tell();
      },
      close: () => device.gatt.disconnect(),
    };
  } catch (error) {
    device.gatt.disconnect();
    throw error;
  }
};

P.bluetooth = {connect, isThere: () => "bluetooth" in navigator};
})(globalThis);
