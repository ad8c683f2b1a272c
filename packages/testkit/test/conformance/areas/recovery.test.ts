import { proveArea } from "../proof.js";

proveArea("recovery");
