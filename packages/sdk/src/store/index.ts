export { fileSessionStore, type FileSessionStoreOptions } from "./file-store.js";
export { memorySessionStore } from "./memory-store.js";
