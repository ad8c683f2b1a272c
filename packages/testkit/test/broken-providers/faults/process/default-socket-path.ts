import { join } from "node:path";
import { tmpdir } from "node:os";
import { defineFault } from "../../fault.js";

export const defaultSocketPath = defineFault({
  name: "default-socket-path",
  breaks: ["process/start/refuses-without-socket-variable"],
  apply: () => {
    process.env.GESTALT_PLUGIN_SOCKET ??= join(tmpdir(), "default.sock");
  },
});
