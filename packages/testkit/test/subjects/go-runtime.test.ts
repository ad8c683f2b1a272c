import { describeSubject } from "./subject-tests.js";

describeSubject("go-runtime");
