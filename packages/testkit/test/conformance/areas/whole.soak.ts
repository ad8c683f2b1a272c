import { areas } from "../../../src/conformance/requirements/index.js";
import { faults } from "../../broken-providers/faults/index.js";
import { proveArea } from "../proof.js";

for (const area of areas) if (faults[area].length > 0) proveArea(area, { whole: true });
