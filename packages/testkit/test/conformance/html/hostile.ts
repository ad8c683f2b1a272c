/** What a provider may call itself, its sessions and its faults. */
export const hostile = `</style></script><script>globalThis.hacked = 1</script><img src=x onerror="globalThis.hacked=2">"'&`;

/** The same as text of a page. */
export const escaped = hostile
  .replaceAll("&", "&amp;")
  .replaceAll("<", "&lt;")
  .replaceAll(">", "&gt;")
  .replaceAll('"', "&quot;")
  .replaceAll("'", "&#39;");
