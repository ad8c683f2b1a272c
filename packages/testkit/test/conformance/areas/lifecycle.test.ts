import { proveArea } from "../proof.js";

proveArea("lifecycle");
