import { createServer } from "node:http";
import { defineFault } from "../../fault.js";

export const answersHttp1 = defineFault({
  name: "answers-http1",
  breaks: ["process/start/serves", "process/socket/replaces-stale-file"],
  times: { startMs: 5_000 },
  apply: (reference) => {
    reference.serve = async (path) => {
      const server = createServer((_request, response) => response.end());
      await new Promise<void>((resolve) => server.listen(path, resolve));
      return { path, drain: () => Promise.resolve() };
    };
  },
});
