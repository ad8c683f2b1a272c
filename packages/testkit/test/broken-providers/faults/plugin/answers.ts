import { defineFault } from "../../fault.js";

const answers = "plugin/start-plugin/answers-hosted-plugin";

export const targetAlone = defineFault({
  name: "target-alone",
  breaks: [answers],
  apply: (reference) => {
    reference.around("startPlugin", async (request, next) => {
      const { dialTarget = "" } = await next(request);
      return { dialTarget };
    });
  },
});

export const cleansNameInAnswer = defineFault({
  name: "cleans-name-in-answer",
  breaks: [answers],
  apply: (reference) => {
    reference.around("startPlugin", async (request, next) => ({
      ...(await next(request)),
      pluginName: request.pluginName.replaceAll(/[^\w-]/g, "-"),
    }));
  },
});

export const samePluginId = defineFault({
  name: "same-plugin-id",
  breaks: [answers],
  apply: (reference) => {
    reference.around("startPlugin", async (request, next) => ({ ...(await next(request)), id: "plugin" }));
  },
});
