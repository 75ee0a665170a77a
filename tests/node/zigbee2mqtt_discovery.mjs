// Runs zigbee2mqtt's own extension and converters for Home Assistant without a radio and without a broker.
// Writes a JSON object: by name, the messages [{topic, payload}] of a device of that model with that name.
//
// node zigbee2mqtt_discovery.mjs FILE VENDOR_FILE:MODEL=NAME …
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const data = mkdtempSync(join(tmpdir(), "zigbee2mqtt-"));
process.on("exit", () => rmSync(data, { recursive: true, force: true }));
process.env.ZIGBEE2MQTT_DATA = data;
writeFileSync(
  join(data, "configuration.yaml"),
  "version: 4\nmqtt: {base_topic: zigbee2mqtt, server: 'mqtt://127.0.0.1'}\nserial: {port: /dev/null, adapter: zstack}\n" +
    "homeassistant: {enabled: true}\navailability: {enabled: true}\nadvanced: {log_output: []}\n",
);

const converters = require("zigbee-herdsman-converters");
converters.setLogger({ debug() {}, info() {}, warning() {}, error() {} });
const logger = require("zigbee2mqtt/dist/util/logger.js").default;
const settings = require("zigbee2mqtt/dist/util/settings.js");
settings.reRead();
logger.init();
const { default: HomeAssistant } = require("zigbee2mqtt/dist/extension/homeassistant.js");
const { default: Device } = require("zigbee2mqtt/dist/model/device.js");

// The definitions of a vendor are in a file, which exports one list.
function definitionOf(vendor, model) {
  const exported = require(`zigbee-herdsman-converters/devices/${vendor}`);
  const list = Object.values(exported).flat(2);
  const found = list.find((each) => each?.model === model);
  if (!found) throw new Error(`no such model: ${vendor}:${model}`);
  return converters.prepareDefinition(found);
}

// The parts of a Zigbee device that the extension uses; it recognises an endpoint by the name of its class.
class Endpoint {
  constructor(device) {
    Object.assign(this, { ID: 1, device, deviceIeeeAddress: device.ieeeAddr, meta: {}, clusters: {}, binds: [] });
  }
  getDevice() { return this.device; }
  getInputClusters() { return []; }
  supportsInputCluster() { return false; }
  supportsOutputCluster() { return false; }
  getClusterAttributeValue() { return undefined; }
}

function radioDevice(number) {
  const device = {
    ieeeAddr: "0x00124b00" + String(number).padStart(8, "0"),
    type: "Router",
    powerSource: "Mains (single phase)",
    interviewing: false,
    meta: {},
    softwareBuildID: "1.0.0",
    customClusters: {},
  };
  const endpoint = new Endpoint(device);
  return Object.assign(device, { endpoints: [endpoint], getEndpoint: () => endpoint });
}

const published = [];
const mqtt = {
  publish: async (topic, payload, _options, base) => published.push({ topic: base ? `${base}/${topic}` : topic, payload }),
  subscribe: async () => {},
  unsubscribe: async () => {},
};
const events = new Proxy({}, { get: () => () => {} });
const coordinator = { deviceIeeeAddress: "0x00124b0000000000", getDevice: () => ({ ieeeAddr: "0x00124b0000000000" }) };
const zigbee = {
  getCoordinatorVersion: async () => ({ type: "stub", meta: {} }),
  firstCoordinatorEndpoint: () => coordinator,
  devicesAndGroupsIterator: () => [],
};
const nothing = async () => {};
const extension = new HomeAssistant(zigbee, mqtt, {}, nothing, events, nothing, nothing, nothing);
await extension.start();

const all = {};
const [file, ...wanted] = process.argv.slice(2);
for (const [number, each] of wanted.entries()) {
  const [, vendor, model, name] = each.match(/^([^:]+):(.+)=(.+)$/);
  const radio = radioDevice(number + 1);
  settings.addDevice(radio.ieeeAddr);
  settings.changeFriendlyName(radio.ieeeAddr, name);
  const device = new Device(radio);
  device.definition = definitionOf(vendor, model);
  published.length = 0;
  await extension.discover(device);
  all[name] = published.map(({ topic, payload }) => ({ topic, payload }));
}
writeFileSync(file, JSON.stringify(all));
process.exit(0);
