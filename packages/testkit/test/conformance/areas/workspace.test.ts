import { proveArea } from "../proof.js";

proveArea("workspace");
