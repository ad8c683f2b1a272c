import { proveArea } from "../proof.js";

proveArea("session");
