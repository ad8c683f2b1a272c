import { proveArea } from "../proof.js";

proveArea("binding");
