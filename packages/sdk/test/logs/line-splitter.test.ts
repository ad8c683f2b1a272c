import { describe, expect, it } from "vitest";
import { LineSplitter } from "../../src/logs/line-splitter.js";
import { random } from "./random.js";

const decode = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

function split(pieces: Iterable<Uint8Array>, lineBytes = 16_384): string[] {
  const messages: string[] = [];
  const splitter = new LineSplitter(lineBytes, (message) => messages.push(message));
  for (const piece of pieces) splitter.write(piece);
  splitter.end();
  return messages;
}

const cut = (bytes: Uint8Array, ...at: number[]): Uint8Array[] =>
  [0, ...at].map((from, i) => bytes.slice(from, at[i] ?? bytes.length));

describe("line splitter", () => {
  const text = "aé€😀\u0000b\r\nx\u{10ffff}\n\nç\r\n\r\n中文\ufeff end";
  const lines = ["aé€😀\u0000b", "x\u{10ffff}", "\n", "ç", "\n", "中文\ufeff end"];

  it("LOGS-2: gives the same messages wherever a text is split (T15)", () => {
    const bytes = Buffer.from(text);
    expect(split([bytes])).toEqual(lines);
    for (let i = 0; i <= bytes.length; i++)
      for (let j = i; j <= bytes.length; j++) expect(split(cut(bytes, i, j)), `${i}, ${j}`).toEqual(lines);
    expect(split(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(lines);
  });

  it("LOGS-2: makes valid UTF-8 of any bytes, the same wherever they are split", () => {
    const next = random(7);
    const likely = [
      0x0a, 0x0d, 0x41, 0x80, 0xbf, 0xc0, 0xc3, 0xe2, 0x82, 0xac, 0xed, 0xa0, 0xf0, 0x9f, 0x98, 0xf5,
    ];
    for (let round = 0; round < 2000; round++) {
      const bytes = Uint8Array.from({ length: next(24) }, () => likely[next(likely.length)] ?? 0);
      const whole = split([bytes]);
      for (const message of whole) expect(decode(Buffer.from(message))).toBe(message);
      const at = next(bytes.length + 1);
      expect(split(cut(bytes, at)), `${Buffer.from(bytes).toString("hex")} at ${at}`).toEqual(whole);
      const expected = decode(bytes).split("\n");
      if (expected.at(-1) === "") expected.pop();
      expect(whole.map((message) => (message === "\n" ? "" : message))).toEqual(
        expected.map((line, i) =>
          i < decode(bytes).split("\n").length - 1 ? line.replace(/\r$/, "") : line,
        ),
      );
    }
  });

  it("LOGS-2: cuts a long line between characters, and the parts are the line", () => {
    const next = random(3);
    const letters = ["a", "é", "€", "😀", "\u0000", "\r"];
    for (let round = 0; round < 500; round++) {
      const lineBytes = 4 + next(9);
      const line = Array.from({ length: next(40) }, () => letters[next(letters.length)]).join("") + "z";
      const bytes = Buffer.from(`${line}\nnext\n`);
      const messages = split(cut(bytes, next(bytes.length), bytes.length), lineBytes);
      expect(messages.pop()).toBe("next");
      expect(messages.join("")).toBe(line);
      for (const [i, message] of messages.entries()) {
        expect(Buffer.byteLength(message)).toBeLessThanOrEqual(lineBytes);
        if (i < messages.length - 1) expect(Buffer.byteLength(message)).toBeGreaterThan(lineBytes - 4);
      }
    }
  });

  it("LOGS-2: a line of exactly the limit is one message, and its end makes no blank line", () => {
    expect(split([Buffer.from("abcd\r\nefgh\n\nabcde\n")], 4)).toEqual(["abcd", "efgh", "\n", "abcd", "e"]);
    expect(split([Buffer.from("abcdefgh\r\nx")], 4)).toEqual(["abcd", "efgh", "x"]);
  });

  it("LOGS-1: a partial line can be flushed without breaking a character or adding a blank line", () => {
    const messages: string[] = [];
    const splitter = new LineSplitter(100, (message) => messages.push(message));
    const euro = Buffer.from("€");
    splitter.write(Buffer.concat([Buffer.from("50 "), euro.subarray(0, 2)]));
    splitter.flushPartialLine();
    splitter.flushPartialLine();
    expect(messages).toEqual(["50 "]);
    splitter.write(euro.subarray(2));
    splitter.flushPartialLine();
    expect(splitter.hasPartialLine).toBe(false);
    splitter.write(Buffer.from("\r\nnext\n"));
    expect(messages).toEqual(["50 ", "€", "next"]);
  });

  it("LOGS-2: the end of a stream brings out half a character as U+FFFD", () => {
    expect(split([Buffer.from([0x61, 0xe2, 0x82])])).toEqual(["a\ufffd"]);
  });

  it("keeps none of the caller's memory", () => {
    const messages: string[] = [];
    const splitter = new LineSplitter(100, (message) => messages.push(message));
    const bytes = Buffer.from("first");
    splitter.write(bytes);
    bytes.fill("x");
    splitter.end();
    expect(messages).toEqual(["first"]);
  });
});
