import { describe, expect, it } from "vitest";
import { EventParser } from "./event_parser";

const STREAM =
  "retry: 1000\nid: m-1\n\n: a comment\n\nevent: job\nid: m-2\ndata: one\ndata: more\n\r\n" +
  "data:  spaced\r\rdata\n\nevent: empty\nid: m-3\n\nid:\ndata: ä — 日本\n\nunknown: x\nid: \0\ndata: last\n\ndata: cut off";

const EVENTS = [
  { event: "job", data: "one\nmore" },
  { event: "message", data: " spaced" },
  { event: "message", data: "" },
  { event: "message", data: "ä — 日本" },
  { event: "message", data: "last" },
];

function read(pieces: string[], parser = new EventParser()) {
  return pieces.flatMap((piece) => [...parser.feed(piece)]);
}

describe("the text of events", () => {
  it("is read as the specification says", () => {
    expect(read([STREAM])).toEqual(EVENTS);
  });

  it.each([1, 2, 3, 7, 50])("is read the same in pieces of %d characters", (size) => {
    const pieces = Array.from({ length: Math.ceil(STREAM.length / size) }, (_, index) =>
      STREAM.slice(index * size, (index + 1) * size),
    );
    expect(read(pieces)).toEqual(EVENTS);
  });

  it("names the id to come back with, also where no event came with it", () => {
    const parser = new EventParser("m-0");
    expect(parser.lastEventId).toBe("m-0");
    read(["retry: 1000\nid: m-1\n"], parser);
    expect(parser.lastEventId).toBe("m-0"); // the event is not complete
    read(["\n"], parser);
    expect(parser.lastEventId).toBe("m-1");
    read(["data: of the same\n\n"], parser);
    expect(parser.lastEventId).toBe("m-1");
    read(["id\n\n"], parser);
    expect(parser.lastEventId).toBe("");
  });

  it("forgets what a broken stream has left unfinished", () => {
    const parser = new EventParser();
    read(["id: 1\ndata: a\n\nid: 2\nevent: job\ndata: b\ndat"], parser);
    parser.begin();
    expect(read(["data: c\n\n"], parser)).toEqual([{ event: "message", data: "c" }]);
    expect(parser.lastEventId).toBe("1");
  });

  it("has an event's own id while the event is taken", () => {
    const parser = new EventParser();
    const ids = [];
    for (const { data } of parser.feed("id: 1\ndata: a\n\nid: 2\ndata: b\n\n"))
      ids.push([data, parser.lastEventId]);
    expect(ids).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
  });
});
