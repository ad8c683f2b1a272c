export { openBridge } from "./bridge.js";
export type {
  Bridge,
  BridgeDial,
  BridgeListen,
  BridgeOptions,
  BridgeTcpListen,
  BridgeTlsListen,
  BridgeUnixListen,
  BridgeUpstream,
} from "./options.js";
