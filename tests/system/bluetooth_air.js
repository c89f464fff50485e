// navigator.bluetooth for a browser without a radio, over window.air (bluetooth_air.py).
(() => {
  const bytes = hex => Uint8Array.from(hex.match(/../g) ?? [], each => parseInt(each, 16));
  const hex = given => Array.from(given, each => each.toString(16).padStart(2, "0")).join("");
  const NUMBER = {identify: "7072e002", request: "7072e003", reply: "7072e004"};

  class Characteristic extends EventTarget {
    constructor(device, uuid) { super(); this.device = device; this.uuid = uuid; }
    is(name) { return this.uuid.startsWith(NUMBER[name]); }
    async readValue() {
      if (!this.is("identify")) throw new DOMException("not to be read", "NotSupportedError");
      return new DataView(bytes(this.device.identity).buffer);
    }
    async startNotifications() { this.device.reply = this; return this; }
    async writeValueWithResponse(packet) {
      if (packet.length > 512) throw new DOMException("too long", "InvalidModificationError");
      if (!await window.air("write", hex(packet))) {
        this.device.lost();
        throw new DOMException("GATT Server is disconnected.", "NetworkError");
      }
      // The gateway answers a whole message; its packets come later than the write returns, as they do in the air.
      if (packet[0] & 1) setTimeout(() => this.device.hear());
    }
  }
  class Device extends EventTarget {
    constructor() {
      super();
      this.connected = false;
      this.gatt = {
        connect: async () => {
          this.identity = await window.air("connect");
          this.connected = true;
          return {getPrimaryService: async () => ({getCharacteristic: async uuid => new Characteristic(this, uuid)})};
        },
        disconnect: () => { window.air("leave"); this.lost(); },
      };
    }
    lost() {
      if (!this.connected) return;
      this.connected = false;
      this.dispatchEvent(new Event("gattserverdisconnected"));
    }
    async hear() {
      const packets = await window.air("answer");
      if (!packets) { this.lost(); return; }
      for (const packet of packets) {
        this.reply.value = new DataView(bytes(packet).buffer);
        this.reply.dispatchEvent(new Event("characteristicvaluechanged"));
      }
    }
  }
  Object.defineProperty(navigator, "bluetooth", {configurable: true, value: {
    requestDevice: async ({filters}) => {
      if (filters[0].services[0] !== "7072e001-6577-4174-9a31-1c55ab2f0001") throw new TypeError("another service");
      if (!navigator.userActivation.isActive) throw new DOMException("no gesture", "SecurityError");
      return new Device();
    },
  }});
})();
