import { ApiError } from "./api-error.js";
import type { Cloud } from "./cloud.js";
import type { CloudSettings, Fault } from "./settings.js";

/** What the test asks of the cloud itself. */
export async function answerAdmin(cloud: Cloud, method: string, url: URL, body: unknown): Promise<unknown> {
  const [, , what = "", which = "", act = ""] = url.pathname.split("/");
  switch (`${method} ${what}`) {
    case "PUT settings":
      cloud.configure(body as Partial<CloudSettings>);
      return {};
    case "POST faults":
      cloud.faults.add(body as Fault);
      return {};
    case "DELETE faults":
      cloud.faults.clear();
      return {};
    case "GET record":
      return cloud.record();
    case "POST sandboxes": {
      const sandbox = cloud.get(decodeURIComponent(which));
      const {
        limit = "",
        detail = "",
        exitCode = 0,
      } = body as { limit?: string; detail?: string; exitCode?: number };
      if (act === "vanish") await sandbox.remove(0);
      else if (act === "limit") await sandbox.endByLimit(limit, detail);
      else if (act === "exit") await sandbox.endByExit(exitCode);
      else throw new ApiError(404, `there is no ${act}`);
      return {};
    }
    default:
      throw new ApiError(404, `there is no ${method} ${url.pathname}`);
  }
}
