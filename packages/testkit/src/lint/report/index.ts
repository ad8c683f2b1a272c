export { formatGithub } from "./github.js";
export { formatJson } from "./json.js";
export { summarize, type LintSummary } from "./summary.js";
export { formatText } from "./text.js";
