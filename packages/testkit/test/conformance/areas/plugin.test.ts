import { proveArea } from "../proof.js";

proveArea("plugin");
