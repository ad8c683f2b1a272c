import { describe } from "vitest";
import { memorySessionStore } from "../../src/store/index.js";
import { itIsAStore } from "./contract.js";

describe("memorySessionStore", () => itIsAStore(memorySessionStore));
