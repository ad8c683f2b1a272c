import { defineCheck } from "../../check/check.js";
import { linesArrive, watchedPlugin } from "./session-log.js";

export const unfinishedLine = defineCheck({
  id: "logs/append-logs/unfinished-line",
  title: "the last words of a plugin are pushed also where no newline ends them",
  requirements: ["LOGS-1"],
  instance: "shared",
  cause: "Lines are sent once their newline has come: a last one without it is never sent.",
  mend: "When the plugin's output ends, send what is left as a line.",
  run: async (t) => {
    const { plugin, log } = await watchedPlugin(t);
    await plugin.execute("log", { count: 1, finalNewline: false });
    await plugin.execute("exit", { code: 0 });
    await linesArrive(t, log, "stdout", 1);
  },
});

export const blankLines = defineCheck({
  id: "logs/append-logs/blank-lines",
  title: "a blank line is pushed as a newline",
  requirements: ["LOGS-2"],
  level: "SHOULD",
  instance: "shared",
  cause: "A blank line is sent as an empty message, which the host drops, or is left out.",
  mend: 'Send "\\n" for a line without a text.',
  run: async (t) => {
    const { plugin, log } = await watchedPlugin(t);
    await plugin.execute("log", { count: 3, blankLines: true });
    if (!(await linesArrive(t, log, "stdout", 3))) return;
    await t.eventually("the log host has the three blank lines", t.subject.times.logMs, () => {
      const blank = log.taken.filter(({ message }) => /^\r?\n$/.test(message)).length;
      return blank >= 3 ? undefined : `${blank} came, the other lines all did`;
    });
  },
});

export const nothingEmpty = defineCheck({
  id: "logs/append-logs/nothing-empty",
  title: "no call is without a record, and no record without a message",
  requirements: ["LOGS-2"],
  level: "SHOULD",
  instance: "shared",
  cause: "Batches are sent by a timer, whether there is something in them or not.",
  mend: "Call AppendLogs only with records, and leave empty messages out: the host drops them.",
  run: async (t) => {
    const { plugin, log, watch, session } = await watchedPlugin(t);
    await plugin.execute("log", { count: 3, blankLines: true });
    await linesArrive(t, log, "stdout", 3);
    await t.relies("stop", "StopSession", () => session.stop());
    const mine = watch.batches.filter(({ sessionId }) => sessionId === session.id);
    t.expect(
      mine.every(({ records }) => records.length > 0),
      "AppendLogs was called without any record",
    );
    t.expect(
      mine.every(({ records }) => records.every(({ message }) => message !== "")),
      "a record came with an empty message",
    );
  },
});

export const multiByte = defineCheck({
  id: "logs/append-logs/multi-byte-characters",
  title: "characters of several bytes arrive as they were written, wherever the output was cut in pieces",
  requirements: ["LOGS-2"],
  instance: "shared",
  cause:
    "Each chunk of the output is decoded by itself, or not as UTF-8: a character that two chunks share is lost.",
  mend: "Cut the output into lines as bytes and decode whole lines, or keep one streaming decoder for each stream.",
  run: async (t) => {
    const { plugin, log } = await watchedPlugin(t);
    await plugin.execute("log", { count: 20, bytes: 30_000, filler: "ä☃𝄞" });
    if (!(await linesArrive(t, log, "stdout", 20))) return;
    const odd = [...new Set(log.plugin)].filter((one) => one > "\u007f" && !"ä☃𝄞…".includes(one));
    t.expect(
      odd.length === 0,
      odd.includes("\ufffd")
        ? "lines of valid UTF-8 came with U+FFFD in them: characters were cut apart"
        : "lines of valid UTF-8 came with other characters than were written: they were not read as UTF-8",
    );
  },
});

export const invalidUtf8 = defineCheck({
  id: "logs/append-logs/invalid-utf8",
  title: "lines that are no UTF-8 arrive, and so do those beside them",
  requirements: ["LOGS-2"],
  instance: "shared",
  cause: "A string that is no UTF-8 can't be sent: the whole batch fails with it, and is dropped.",
  mend: "Replace what is no UTF-8 (by U+FFFD, say) before a line becomes a record.",
  run: async (t) => {
    const { plugin, log } = await watchedPlugin(t);
    await plugin.execute("log", { count: 3 });
    await plugin.execute("log", { count: 3, first: 4, invalidUtf8: true });
    await plugin.execute("log", { count: 3, first: 7 });
    await linesArrive(t, log, "stdout", 9);
  },
});

const longBytes = 100_000;

export const longLine = defineCheck({
  id: "logs/append-logs/long-line",
  title: "a line of 100,000 bytes is pushed whole, in one record or in several",
  requirements: ["LOGS-1"],
  instance: "shared",
  cause: "A line that is longer than a buffer is cut off.",
  mend: "Send a long line in pieces, cut between characters, each a record.",
  run: async (t) => {
    const { plugin, log } = await watchedPlugin(t);
    await plugin.execute("log", { count: 1, bytes: longBytes });
    await t.eventually(`the log host has a line of ${longBytes} bytes`, t.subject.times.logMs, () => {
      const { length } = log.plugin;
      return length >= longBytes ? undefined : `${length} characters of the plugin's came`;
    });
  },
});

export const hugeLine = defineCheck({
  id: "logs/append-logs/huge-line",
  title: "a line of more than 4 MiB does no harm to those before and after it",
  requirements: ["LOGS-2"],
  instance: "shared",
  cause:
    "It is sent as one record: the call is above the host's limit of 4 MiB, fails, and is repeated for ever.",
  mend: "Send a long line in pieces well below 4 MiB, or cut it off and say so.",
  run: async (t) => {
    const { plugin, log } = await watchedPlugin(t);
    await plugin.execute("log", { count: 1 });
    // Where a plugin has to wait for its log, so does this call.
    const huge = plugin.execute("log", { count: 1, first: 2, bytes: 5 << 20 });
    await t.relies("plugin", "the fixture plugin's operation log", () => huge);
    await plugin.execute("log", { count: 1, first: 3 });
    await t.eventually(
      "the log host has the lines before and after a huge one",
      t.subject.times.logMs,
      () => {
        const came = log.numbers("stdout");
        if (!came.includes(1)) return "the one before did not come";
        return came.includes(3) ? undefined : "the one after did not come";
      },
    );
  },
});
