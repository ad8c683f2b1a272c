/** Installing a provider as the host does. */
export { installProvider, type InstalledProvider, type InstallOptions } from "./install.js";
export { InstallRefusedError } from "./refusal.js";
