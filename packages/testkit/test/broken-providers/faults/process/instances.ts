import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { defineFault } from "../../fault.js";

export const onlyOneInstance = defineFault({
  name: "only-one-instance",
  breaks: ["process/instances/several-at-once"],
  also: ["process/sigterm/any-moment-of-the-start"],
  apply: (reference) => {
    const lock = join(tmpdir(), "the-only-one.pid");
    const { run, end } = reference;
    reference.run = async () => {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      await run();
    };
    reference.end = () => {
      rmSync(lock, { force: true });
      return end();
    };
  },
});

export const deafWhileStarting = defineFault({
  name: "deaf-while-starting",
  breaks: ["process/sigterm/any-moment-of-the-start"],
  apply: (reference) => {
    const { end } = reference;
    reference.end = () => (reference.configured ? end() : Promise.resolve());
  },
});

export const cleansUpTheLiving = defineFault({
  name: "cleans-up-the-living",
  breaks: ["process/instances/leave-each-other-alone"],
  times: { callMs: 4_000 },
  apply: (reference) => {
    const { run } = reference;
    reference.run = async () => {
      await run();
      const root = dirname(reference.directory);
      for (const name of readdirSync(root))
        if (/^[0-9a-f]{8}$/.test(name) && join(root, name) !== reference.directory)
          rmSync(join(root, name), { recursive: true, force: true });
    };
  },
});
