import { defineFault } from "../../fault.js";

export const exitsWithoutAWord = defineFault({
  name: "exits-without-a-word",
  breaks: ["process/start/refuses-without-socket-variable"],
  apply: () => {
    if (process.env.GESTALT_PLUGIN_SOCKET === undefined) process.exit(1);
  },
});
