import { proveArea } from "../proof.js";

proveArea("support");
