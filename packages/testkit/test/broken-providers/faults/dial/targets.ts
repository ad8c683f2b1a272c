import { tmpdir } from "node:os";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineFault, type Fault } from "../../fault.js";
import type { Reference } from "../../reference/reference.js";

/** For those whose target nobody can dial: other checks wait for it. */
const times = { callMs: 4_000 };

function changeTarget(reference: Reference, change: (target: string) => string): void {
  reference.around("startPlugin", async (request, next) => {
    const answer = await next(request);
    return { ...answer, dialTarget: change(answer.dialTarget ?? "") };
  });
}

function wrongForm(name: string, change: (path: string) => string): Fault {
  return defineFault({
    name,
    breaks: ["dial/start-plugin/target-form"],
    times,
    apply: (reference) => {
      changeTarget(reference, (target) => change(target.slice("unix://".length)));
    },
  });
}

export const barePathTarget = wrongForm("bare-path-target", (path) => path);
export const oneSlashTarget = wrongForm("one-slash-target", (path) => `unix:${path}`);
export const httpTarget = wrongForm("http-target", () => "http://127.0.0.1:8080");
export const emptyTarget = wrongForm("empty-target", () => "");
export const portlessTarget = wrongForm("portless-target", () => "tcp://127.0.0.1");
export const pathAfterPort = wrongForm("path-after-port", () => "tcp://127.0.0.1:9/");
export const bareIpv6Target = wrongForm("bare-ipv6-target", () => "tcp://::1:9");

export const unspecifiedTarget = defineFault({
  name: "unspecified-target",
  breaks: ["dial/start-plugin/no-unspecified-address"],
  times,
  apply: (reference) => {
    changeTarget(reference, () => "tcp://0.0.0.0:9");
  },
});

export const unspecifiedIpv6Target = defineFault({
  name: "unspecified-ipv6-target",
  breaks: ["dial/start-plugin/no-unspecified-address"],
  times,
  apply: (reference) => {
    changeTarget(reference, () => "tcp://[::]:9");
  },
});

export const longPath = defineFault({
  name: "long-path",
  breaks: ["dial/start-plugin/path-fits"],
  apply: (reference) => {
    changeTarget(reference, (target) =>
      tmpdir().length > 60 ? `unix://${tmpdir()}/runtime/sessions/p.sock` : target,
    );
  },
});

export const longPathFails = defineFault({
  name: "long-path-fails",
  breaks: ["dial/start-plugin/path-fits"],
  apply: (reference) => {
    reference.around("startPlugin", (request, next) => {
      if (tmpdir().length > 60) throw new RuntimeProviderError("INTERNAL", "listen EINVAL: invalid argument");
      return next(request);
    });
  },
});
