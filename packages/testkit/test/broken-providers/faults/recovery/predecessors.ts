import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { defineFault } from "../../fault.js";
import { looseTree } from "../../reference/loose-tree.js";
import { PluginProcess } from "../../reference/plugin-process.js";

/** A folder that no TMPDIR leads to; the proof, whose process id it has, removes it. */
export const elsewhere = (pid: number): string => `/tmp/elsewhere-${pid}`;

const cleansUp = "recovery/start/cleans-up-dead-predecessor";

export const forgetsPredecessorsFiles = defineFault({
  name: "forgets-predecessors-files",
  breaks: [cleansUp],
  apply: (reference) => {
    reference.openDirectory = async (root) => {
      const path = await mkdtemp(`${root}-`);
      return { path, close: () => rm(path, { recursive: true, force: true }) };
    };
  },
});

export const forgetsPredecessorsPlugins = defineFault({
  name: "forgets-predecessors-plugins",
  breaks: [cleansUp],
  apply: (reference) => {
    reference.startPlugin = (start) => PluginProcess.start({ ...start, openTree: looseTree });
  },
});

export const forgetsFilesElsewhere = defineFault({
  name: "forgets-files-elsewhere",
  breaks: [cleansUp],
  apply: (reference) => {
    reference.openDirectory = async () => {
      await mkdir(elsewhere(process.ppid), { recursive: true });
      const path = await mkdtemp(`${elsewhere(process.ppid)}/`);
      return { path, close: () => rm(path, { recursive: true, force: true }) };
    };
  },
});

export const takesAllForDead = defineFault({
  name: "takes-all-for-dead",
  breaks: ["recovery/start/leaves-living-instance-alone"],
  apply: (reference) => {
    const { run } = reference;
    reference.run = async () => {
      await run();
      const root = dirname(reference.directory);
      for (const name of await readdir(root))
        if (join(root, name) !== reference.directory && !name.endsWith(".lock"))
          await rm(join(root, name), { recursive: true, force: true });
    };
  },
});
