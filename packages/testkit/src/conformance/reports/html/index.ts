export { formatHtml } from "./page.js";
