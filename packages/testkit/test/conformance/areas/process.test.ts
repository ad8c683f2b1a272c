import { proveArea } from "../proof.js";

proveArea("process");
