import { describeSubject } from "./subject-tests.js";

describeSubject("javascript-runtime");
