export { hostSandbox, type HostSandbox } from "./host-sandbox.js";
