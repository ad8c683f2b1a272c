import { describeSubject } from "./subject-tests.js";

describeSubject("python-runtime");
